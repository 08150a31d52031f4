// SPDX-License-Identifier: MIT
// What happens to a RabbitMQ server under load, and to the way there, with real workers. Each case has a
// server of its own. The wall clock is meant: it is the server's.
#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/client.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

namespace rabbitmq_faults_test {

using namespace std::chrono_literals;

using namespace e2e;

namespace {

bool is_skipped() {
    if (!support::rabbitmq_url().empty()) return false;
    std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
    return true;
}

struct Crew {
    Crew(std::string const& url, int count) {
        for (int i = 0; i < count; ++i) {
            std::vector<std::string> const command{support::program("e2e_worker"), "--broker", url,
                                                   "--concurrency", "4"};
            workers.emplace_back(command, directory.file("worker.log"));
        }
    }
    support::TempDir directory;
    std::deque<support::Process> workers;
};

// Enqueues until it is told to stop; what is confirmed is kept, and nothing else.
struct Load {
    Load(cohort::Client& its_client, int its_millis) : client{its_client}, millis{its_millis} {}

    cohort::awaitable<void> push(int count) {
        for (int i = 0; i < count; ++i) {
            int const n = next++;
            try {
                auto job = co_await client.enqueue_job<twice>({.max_lost = 100}, n, millis);
                jobs.push_back(std::move(job));
                numbers.push_back(n);
            } catch (cohort::Error const&) {
                ++refused;
            }
        }
    }
    // Every job that was confirmed has its result.
    cohort::awaitable<void> collect() {
        int wrong = 0;
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            int const result = co_await jobs[i].result(40s);
            if (result != 2 * numbers[i]) ++wrong;
        }
        CHECK(wrong == 0);
    }

    cohort::Client& client;
    int const millis;
    int next = 0;
    int refused = 0;
    std::vector<cohort::Job<int>> jobs;
    std::vector<int> numbers;
};

// The longest pause between two attempts to connect, and what a job takes.
constexpr auto longest_return = 15s;

// How long it takes until a job that is pushed from now on has its result.
cohort::awaitable<std::chrono::steady_clock::duration> until_one_ends(Load& load) {
    auto const begun = std::chrono::steady_clock::now();
    std::size_t const before = load.jobs.size();
    for (int i = 0; i < 100 && load.jobs.size() == before; ++i)
        co_await load.push(1);
    co_await load.collect();
    CHECK(load.jobs.size() == before + 1);
    co_return std::chrono::steady_clock::now() - begun;
}

cohort::awaitable<void> kill_under_load(support::RabbitServer& server) {
    std::string const url = server.url();
    cohort::Client client{url};
    Crew const crew{url, 2};
    Load load{client, 40};
    // RabbitMQ notes a new queue on its disk half a second after it was made (docs/brokers/rabbitmq.md).
    co_await load.push(1);
    co_await cohort::sleep_for(1500ms);
    co_await load.push(300);
    server.kill();
    // Nobody can take it.
    std::size_t const confirmed = load.jobs.size();
    co_await load.push(1);
    CHECK(load.jobs.size() == confirmed);
    server.revive();
    co_await load.collect();
    auto const again = co_await until_one_ends(load);
    CHECK(again < longest_return);
}

cohort::awaitable<void> come_and_go(support::RabbitServer& server) {
    std::string const url = server.url();
    cohort::Client client{url};
    Crew const crew{url, 2};
    Load load{client, 20};
    co_await load.push(100);
    // F37: it ends and begins in order.
    CHECK(server.ctl("-q stop_app").empty());
    CHECK(server.ctl("-q start_app").empty());
    auto const again = co_await until_one_ends(load);
    CHECK(again < longest_return);

    // F40: who comes while there is no server waits for it.
    server.kill();
    Crew const late{url, 1};
    co_await cohort::sleep_for(2s);
    server.revive();
    auto const there = co_await until_one_ends(load);
    CHECK(there < longest_return);

    // F39: it comes back with nothing. What was in its queues is gone, and all else goes on.
    server.kill();
    server.empty();
    server.revive();
    auto const anew = co_await until_one_ends(load);
    CHECK(anew < longest_return);
}

// "name consumers" of the queues of jobs.
std::vector<int> consumers(support::RabbitServer const& server) {
    std::istringstream lines{server.ctl("-q list_queues name consumers")};
    std::vector<int> counts;
    for (std::string name, count; lines >> name >> count;) {
        if (name.find(":jobs:") != std::string::npos) counts.push_back(std::stoi(count));
    }
    return counts;
}

// For four leases of the fault matrix, which is less than two heartbeats.
cohort::awaitable<void> stand_still(support::RabbitServer& server) {
    std::string const url = server.url();
    cohort::Client client{url};
    Crew const crew{url, 2};
    Load load{client, 3000};
    co_await load.push(8);
    Load quick{client, 20};
    co_await quick.push(40);
    // Half of them run, on average.
    co_await cohort::sleep_for(1500ms);
    server.freeze();
    co_await cohort::sleep_for(6s);
    server.thaw();
    co_await load.collect();
    co_await quick.collect();
    for (auto const& job : load.jobs) {
        auto const ending = co_await job.ending(1s);
        CHECK(ending.attempt == 1);
    }
    for (auto const& job : quick.jobs) {
        auto const ending = co_await job.ending(1s);
        CHECK(ending.attempt == 1);
    }
}

cohort::awaitable<void> close_all(support::RabbitServer& server) {
    constexpr int workers = 2;
    std::string const url = server.url();
    cohort::Client client{url};
    Crew const crew{url, workers};
    Load load{client, 5};
    co_await load.push(50);
    std::string said;
    std::thread operator_{[&] {
        // As close_all_connections does, without a new Erlang for each.
        said = server.ctl("-q eval 'lists:foreach(fun(_) -> rabbit_networking:close_connections("
                          "rabbit_networking:connections(), \"closed by the test\"), timer:sleep(200) end, "
                          "lists:seq(1, 20)).'");
    }};
    for (int i = 0; i < 40; ++i) {
        co_await load.push(5);
        co_await cohort::sleep_for(100ms);
    }
    operator_.join();
    INFO(said);
    CHECK(said.find("ok") == 0);
    CHECK(load.jobs.size() > 50);
    co_await load.collect();
    std::vector<int> counts;
    for (int i = 0; i < 10; ++i) {
        counts = consumers(server);
        if (counts == std::vector<int>{workers}) break;
    }
    CHECK(counts == std::vector<int>{workers});
}

}  // namespace

TEST_CASE("on RabbitMQ, a server that is killed loses no job that it has confirmed",
          "[rabbitmq][F38][F33][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(kill_under_load(server));
}

TEST_CASE("on RabbitMQ, a server is restarted, comes late, and comes back empty: all go on by themselves",
          "[rabbitmq][F37][F39][F40][.nightly][heavy][timeout:300]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(come_and_go(server));
}

TEST_CASE("on RabbitMQ, a server stands still for a while: nobody is taken for dead, and nothing runs twice",
          "[rabbitmq][F49][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(stand_still(server));
}

TEST_CASE("on RabbitMQ, all connections are closed twenty times under load, and each worker has one consumer",
          "[rabbitmq][F47][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::RabbitServer server;
    cohort::run(close_all(server));
}

}  // namespace rabbitmq_faults_test
