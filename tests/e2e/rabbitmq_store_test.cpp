// SPDX-License-Identifier: MIT
// RabbitMQ with a store: jobs are in a file or on a Redis server, and RabbitMQ calls the workers. Real
// processes; the wall clock is meant here: it is the servers'.
#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/redis_server.hpp"

#include <cohort/client.hpp>
#include <cohort/id.hpp>
#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/rabbitmq.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <iostream>
#include <set>
#include <thread>

namespace rabbitmq_store_test {

using namespace std::chrono_literals;

using namespace e2e;

namespace {

using Clock = std::chrono::steady_clock;

bool is_skipped() {
    if (!support::rabbitmq_url().empty()) return false;
    std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
    return true;
}

// Nobody looks into the store by himself: what works is told.
std::string url(std::string const& store, std::string const& parameters = "&poll=1h") {
    return support::rabbitmq_url() + "?namespace=" + cohort::random_id() + parameters + "&store=" + store;
}

struct Crew {
    Crew(std::string const& broker, int count, std::string const& slots) {
        for (int i = 0; i < count; ++i) {
            std::vector<std::string> const command{support::program("e2e_worker"), "--broker", broker,
                                                   "--concurrency", slots};
            workers.emplace_back(command, directory.file("worker.log"));
        }
    }
    support::TempDir directory;
    std::deque<support::Process> workers;
};

cohort::awaitable<std::size_t> enlisted(cohort::Client& client) {
    auto const workers = co_await client.broker().inspector()->workers();
    co_return workers.size();
}

cohort::awaitable<void> wait_for_crew(cohort::Client& client, std::size_t count) {
    for (int i = 0; i < 2000; ++i) {
        std::size_t const there = co_await enlisted(client);
        if (there == count) break;
        co_await cohort::sleep_for(5ms);
    }
    co_await cohort::sleep_for(200ms);  // until they wait
}

cohort::awaitable<void> call_and_wait(std::string const& broker) {
    cohort::Client client{broker};
    Crew const crew{broker, 1, "2"};
    co_await wait_for_crew(client, 1);
    for (int n = 0; n < 20; ++n) {
        auto const called = Clock::now();
        int const twice_n = co_await client.call<twice>(n, 0);
        CHECK(twice_n == 2 * n);
        REQUIRE(Clock::now() - called < 3s);  // who is not called looks after 10 s
        co_await cohort::sleep_for(10ms);
    }
    cohort::EnqueueOptions delayed;
    delayed.delay = 700ms;
    auto const begun = Clock::now();
    auto const job = co_await client.enqueue_job<twice>(delayed, 1, 0);
    int const two = co_await job.result(10s);
    CHECK(two == 2);
    CHECK(Clock::now() - begun >= 700ms);
    CHECK(Clock::now() - begun < 3s);
}

// Which workers had these jobs.
cohort::awaitable<std::set<std::string>> owners(std::vector<cohort::JobHandle> jobs) {
    std::set<std::string> incarnations;
    for (auto const& job : jobs) {
        auto const record = co_await job.status();
        if (record && record->token) incarnations.insert(record->token->incarnation);
    }
    co_return incarnations;
}

struct Burst {
    cohort::Duration delay{};
    int count = 0;
    int millis = 0;
};

cohort::awaitable<void> spread(std::string const& broker) {
    constexpr int crew_size = 4;
    cohort::Client client{broker};
    Crew const crew{broker, crew_size, "2"};
    co_await wait_for_crew(client, crew_size);
    // At once many are called. Of those that fall due together one worker knows: each calls the next, also
    // when it is never without a job itself.
    constexpr Burst bursts[] = {{0s, 24, 400}, {1s, 24, 400}, {1s, 400, 5}};
    for (Burst const& burst : bursts) {
        INFO(burst.count << " jobs");
        cohort::Batch batch;
        cohort::EnqueueOptions options;
        options.delay = burst.delay;
        for (int n = 0; n < burst.count; ++n)
            batch.add<twice>(options, n, burst.millis);
        auto const jobs = co_await client.enqueue_batch(batch);
        cohort::AsCompleted done{jobs};
        while (done.left() > 0) {
            std::size_t const index = co_await done.next(30s);
            CHECK(done.outcome<int>(index).has_value());
        }
        auto const incarnations = co_await owners(jobs);
        CHECK(incarnations.size() == crew_size);
    }
}

// Without a store the worker holds the message while the job runs, and the server takes it back. With one it
// holds nothing.
cohort::awaitable<void> run_for_long(std::string const& without_store, std::string const& with_store) {
    cohort::Client holding{without_store};
    cohort::Client client{with_store};
    Crew const holders{without_store, 2, "1"};
    Crew const crew{with_store, 2, "1"};
    auto const held = co_await holding.enqueue_job<twice>({.max_lost = 0}, 21, 8000);
    auto const job = co_await client.enqueue_job<twice>({.max_lost = 0}, 21, 8000);
    auto const ending = co_await held.ending(30s);
    CHECK(ending.state == cohort::JobState::failed);
    CHECK(ending.reason == cohort::FailReason::worker_lost);
    int const result = co_await job.result(30s);
    CHECK(result == 42);
    auto const record = co_await job.status();
    REQUIRE(record.has_value());
    CHECK(record->counters.attempt == 1);
    CHECK(record->counters.lost == 0);
    // And the next one finds a worker that listens.
    int const next = co_await client.call<twice>(1, 0);
    CHECK(next == 2);
}

cohort::awaitable<void> kill_under_load(support::RabbitServer& server, std::string const& store) {
    std::string const broker = server.url() + "?poll=2s&store=" + store;
    cohort::Client client{broker};
    Crew const crew{broker, 2, "4"};
    std::vector<cohort::Job<int>> jobs;
    auto const push = [&](int count) -> cohort::awaitable<void> {
        for (int i = 0; i < count; ++i) {
            auto job = co_await client.enqueue_job<twice>(static_cast<int>(jobs.size()), 40);
            jobs.push_back(std::move(job));
        }
    };
    auto const collect = [&]() -> cohort::awaitable<void> {
        int wrong = 0;
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            int const result = co_await jobs[i].result(20s);
            auto const record = co_await jobs[i].status();
            if (result != 2 * static_cast<int>(i) || record->counters.attempt != 1) ++wrong;
        }
        CHECK(wrong == 0);
    };
    co_await push(200);
    server.kill();
    // The store takes them all the same, and at once.
    auto const begun = Clock::now();
    co_await push(100);
    CHECK(Clock::now() - begun < 10s);
    co_await collect();
    server.revive();
    co_await push(20);
    co_await collect();
    // When all are connected again, nobody waits for a poll: of two calls one would have waited for a second.
    auto const back = Clock::now();
    int quick = 0;
    while (quick < 5 && Clock::now() - back < 20s) {
        auto const called = Clock::now();
        int const two = co_await client.call<twice>(1, 0);
        CHECK(two == 2);
        quick = Clock::now() - called < 1s ? quick + 1 : 0;
    }
    CHECK(quick == 5);

    // An operator closes all connections, again and again.
    std::string said;
    std::thread operator_{[&] {
        said = server.ctl("-q eval 'lists:foreach(fun(_) -> rabbit_networking:close_connections("
                          "rabbit_networking:connections(), \"closed by the test\"), timer:sleep(200) end, "
                          "lists:seq(1, 20)).'");
    }};
    co_await push(200);
    operator_.join();
    INFO(said);
    CHECK(said.find("ok") == 0);
    co_await collect();
}

}  // namespace

TEST_CASE("on RabbitMQ with a file as its store, a client process and a worker process understand each other",
          "[rabbitmq]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    std::string const broker = url("sqlite:" + dir.file("jobs.db"));
    Crew const crew{broker, 1, "8"};
    support::Process client{{support::program("e2e_client"), broker}, dir.file("client.log")};
    CHECK(client.wait(30'000) == 0);
}

TEST_CASE("on RabbitMQ with a store, a worker that waits is called for each job, and for one that is delayed",
          "[rabbitmq]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(call_and_wait(url("sqlite:" + dir.file("jobs.db"))));
}

TEST_CASE("on RabbitMQ with a Redis server as its store, a worker that waits is called for each job",
          "[rabbitmq]") {
    if (is_skipped()) return;
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed\n";
        return;
    }
    support::RedisServer const server;
    cohort::run(call_and_wait(url(server.url())));
}

TEST_CASE("on RabbitMQ with a store, the jobs of one batch are for all workers that wait", "[rabbitmq]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    cohort::run(spread(url("sqlite:" + dir.file("jobs.db"))));
}

TEST_CASE("on RabbitMQ with a store, a job longer than the server's consumer_timeout ends once",
          "[rabbitmq][heavy][timeout:120]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    support::RabbitServer const server;
    // Channels that are opened from now on.
    REQUIRE(server.ctl("-q eval 'application:set_env(rabbit, consumer_timeout, 5000).'") == "ok\n");
    cohort::run(run_for_long(
        server.url() + "?namespace=plain&consumer_timeout=0s",
        server.url() + "?namespace=stored&poll=1h&consumer_timeout=5s&store=sqlite:" + dir.file("jobs.db")));
}

TEST_CASE(
    "on RabbitMQ with a store, jobs are taken and run while the server is killed, and closes connections",
    "[rabbitmq][F38][F33][F47][heavy][timeout:180]") {
    if (is_skipped()) return;
    support::TempDir const dir;
    support::RabbitServer server;
    cohort::run(kill_under_load(server, "sqlite:" + dir.file("jobs.db")));
}

TEST_CASE("on RabbitMQ with a store, a message made by hand is refused, with the way out") {
    support::TempDir const dir;
    auto const broker = cohort::open_broker("amqp://localhost:1?store=sqlite:" + dir.file("jobs.db"));
    cohort::errc code = cohort::errc::ok;
    std::string text;
    try {
        cohort::run(cohort::rabbitmq::publish(*broker, "main", cohort::rabbitmq::RawMessage{}));
    } catch (cohort::Error const& error) {
        code = error.which();
        text = error.what();
    }
    CHECK(code == cohort::errc::not_supported);
    CHECK_THAT(text, Catch::Contains("without store="));
}

}  // namespace rabbitmq_store_test
