// SPDX-License-Identifier: MIT
// Real worker processes on a real Redis server, one of them killed, and then the server. The wall clock is
// meant here: leases of processes that are gone end by themselves.
#include "e2e/e2e_jobs.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/slowness.hpp"

#include <cohort/client.hpp>
#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <deque>
#include <iostream>
#include <tuple>
#include <vector>

namespace redis_test {

using namespace std::chrono_literals;

using namespace e2e;

namespace {

constexpr int count = 2'000;

cohort::awaitable<void> count_right(cohort::Client& client, std::vector<cohort::Job<int>> const& jobs) {
    auto const outcomes = co_await cohort::wait_all(jobs, 60s);
    int wrong = 0;
    for (int n = 0; n < count; ++n) {
        if (outcomes[static_cast<std::size_t>(n)].value != 2 * n) ++wrong;
    }
    CHECK(wrong == 0);
    static_cast<void>(client);
}

std::deque<support::Process> start_workers(support::TempDir const& dir, std::string const& url,
                                           int how_many = 3) {
    std::deque<support::Process> workers;
    for (int i = 0; i < how_many; ++i) {
        std::vector<std::string> const command{support::program("e2e_worker"),
                                               "--broker",
                                               url,
                                               "--lease",
                                               "1s",
                                               "--upkeep",
                                               "300ms",
                                               "--concurrency",
                                               "8"};
        workers.emplace_back(command, dir.file("worker.log"));
    }
    return workers;
}

cohort::awaitable<std::vector<cohort::Job<int>>> enqueue(cohort::Client& client) {
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n, 5);
    auto jobs = co_await client.enqueue_jobs<twice>(calls);
    co_return jobs;
}

cohort::awaitable<void> check_whole(std::string url) {
    auto const broker = cohort::open_broker(url);
    auto const faults = co_await broker->inspector()->audit();
    CHECK(faults == std::vector<std::string>{});
    auto const queues = co_await broker->inspector()->queues();
    CHECK(queues.at(0).count(cohort::JobState::succeeded) == count);
}

cohort::awaitable<void> kill_a_worker(support::RedisServer& server, support::TempDir const& dir) {
    cohort::Client client{server.url()};
    auto const jobs = co_await enqueue(client);
    auto workers = start_workers(dir, server.url());
    co_await cohort::sleep_for(150ms);
    CHECK(server.ask("LLEN cohort:{:default}:list") != "0");
    workers.front().signal(SIGKILL);
    co_await count_right(client, jobs);
    co_await check_whole(server.url());
}

cohort::awaitable<void> kill_the_holder(support::RedisServer& server, support::TempDir const& dir) {
    cohort::Client client{server.url()};
    auto first = start_workers(dir, server.url(), 1);
    auto const job = co_await client.enqueue_job<twice>(21, 1500);
    bool runs = false;
    while (!runs) {
        co_await cohort::sleep_for(20ms);
        auto const record = co_await job.status();
        runs = record->state == cohort::JobState::running;
    }
    auto const others = start_workers(dir, server.url(), 2);
    first.front().signal(SIGKILL);
    auto const killed = cohort::system_clock().now();
    int const value = co_await job.result(20s);
    CHECK(value == 42);
    auto const record = co_await job.status();
    CHECK(record->counters.attempt == 2);
    CHECK(record->counters.lost == 1);
    CHECK(record->counters.failures == 0);
    // Not while the dead one had its lease, whose last beat is a third of it ago at most.
    auto const pause = *record->started - killed;
    CHECK(pause > 500ms);
    CHECK(pause < 3s * support::slowness);
}

cohort::awaitable<void> kill_the_server(support::RedisServer& server, support::TempDir const& dir) {
    cohort::Client client{server.url()};
    auto const jobs = co_await enqueue(client);
    auto const workers = start_workers(dir, server.url());
    co_await cohort::sleep_for(150ms);
    CHECK(server.ask("LLEN cohort:{:default}:list") != "0");
    server.kill();
    co_await cohort::sleep_for(300ms);
    server.start();
    co_await count_right(client, jobs);
    co_await check_whole(server.url());
}

bool is_skipped() {
    auto const schemes = cohort::open_schemes();
    bool const is_built = std::find(schemes.begin(), schemes.end(), "redis") != schemes.end();
    if (is_built && support::RedisServer::is_installed()) return false;
    std::cout << "SKIPPED: redis-server is not installed, or the Redis broker is not built\n";
    return true;
}

}  // namespace

TEST_CASE("on Redis, the jobs of a worker that is killed run elsewhere, each once in the end", "[F01]") {
    if (is_skipped()) return;
    support::RedisServer server;
    support::TempDir const dir;
    cohort::run(kill_a_worker(server, dir));
}

TEST_CASE("on Redis, the job of a killed worker runs on another one within lease and upkeep", "[F01][I27]") {
    if (is_skipped()) return;
    support::RedisServer server;
    support::TempDir const dir;
    cohort::run(kill_the_holder(server, dir));
}

TEST_CASE("on Redis, a server that is killed and comes back loses nothing that was on its disk",
          "[F33][F38]") {
    if (is_skipped()) return;
    support::RedisServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
    support::TempDir const dir;
    cohort::run(kill_the_server(server, dir));
}

}  // namespace redis_test
