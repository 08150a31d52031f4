// SPDX-License-Identifier: MIT
// Real worker processes on a real Redis server, one of them killed, and then the server. The wall clock is
// meant here: leases of processes that are gone end by themselves.
#include "e2e/crew.hpp"
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
#include <iostream>
#include <random>
#include <tuple>
#include <vector>

namespace redis_test {

using namespace std::chrono_literals;

using namespace e2e;

namespace {

cohort::awaitable<void> count_right(std::vector<cohort::Job<int>> const& jobs, cohort::Duration patience) {
    auto const outcomes = co_await cohort::wait_all(jobs, patience);
    int wrong = 0;
    for (std::size_t n = 0; n < jobs.size(); ++n) {
        if (outcomes[n].value != 2 * static_cast<int>(n)) ++wrong;
    }
    CHECK(wrong == 0);
}

cohort::awaitable<std::vector<cohort::Job<int>>> enqueue(cohort::Client& client, int count) {
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n, 5);
    auto jobs = co_await client.enqueue_jobs<twice>(calls);
    co_return jobs;
}

cohort::awaitable<void> check_whole(std::string url, int count) {
    auto const broker = cohort::open_broker(url + "?timeout=1min");  // to look at a hundred thousand
    auto const faults = co_await broker->inspector()->audit();
    CHECK(faults == std::vector<std::string>{});
    auto const queues = co_await broker->inspector()->queues();
    CHECK(queues.at(0).count(cohort::JobState::succeeded) == static_cast<std::size_t>(count));
}

cohort::awaitable<void> kill_a_worker(support::RedisServer& server, support::TempDir const& dir) {
    cohort::Client client{server.url()};
    auto const jobs = co_await enqueue(client, 2'000);
    Crew crew{dir, server.url(), 3};
    co_await cohort::sleep_for(150ms);
    CHECK(server.ask("LLEN cohort:{:default}:list") != "0");
    crew.processes.front().signal(SIGKILL);
    co_await count_right(jobs, 60s);
    co_await check_whole(server.url(), 2'000);
}

cohort::awaitable<void> kill_the_server(support::RedisServer& server, support::TempDir const& dir) {
    cohort::Client client{server.url()};
    auto const jobs = co_await enqueue(client, 2'000);
    Crew const crew{dir, server.url(), 3};
    co_await cohort::sleep_for(150ms);
    CHECK(server.ask("LLEN cohort:{:default}:list") != "0");
    server.kill();
    co_await cohort::sleep_for(300ms);
    server.start();
    co_await count_right(jobs, 60s);
    co_await check_whole(server.url(), 2'000);
}

std::int64_t ended(support::RedisServer const& server) {
    return std::stoll(server.ask("ZCARD cohort:{:default}:ended"));
}

// True when workers end jobs again within the longest pause of a connection and a second.
cohort::awaitable<bool> resumes(support::RedisServer const& server) {
    auto const begun = std::chrono::steady_clock::now();
    auto const before = ended(server);
    bool goes_on = false;
    while (!goes_on && std::chrono::steady_clock::now() - begun < 11s * support::slowness) {
        co_await cohort::sleep_for(50ms);
        goes_on = ended(server) > before;
    }
    co_return goes_on;
}

enum class Outage : std::uint8_t { killed, frozen, cut };

cohort::awaitable<void> suffer(support::RedisServer& server, Outage how, cohort::Duration span) {
    if (how == Outage::cut) {
        for (auto const until = std::chrono::steady_clock::now() + span;
             std::chrono::steady_clock::now() < until;) {
            server.ask("CLIENT KILL TYPE normal SKIPME yes");
            server.ask("CLIENT KILL TYPE pubsub");
            co_await cohort::sleep_for(20ms);
        }
        co_return;
    }
    if (how == Outage::killed)
        server.kill();
    else
        server.freeze();
    co_await cohort::sleep_for(span);
    if (how == Outage::killed)
        server.start();
    else
        server.thaw();
}

// Three outages at random moments while `count` jobs run.
cohort::awaitable<void> outages(support::RedisServer& server, support::TempDir const& dir, int count,
                                cohort::Duration span) {
    cohort::Client client{server.url()};
    auto const jobs = co_await enqueue(client, count);
    Crew crew{dir, server.url(), 3};
    std::mt19937 random{std::random_device{}()};
    std::uniform_int_distribution<int> millis{100, 600};
    for (Outage const how : {Outage::killed, Outage::frozen, Outage::cut}) {
        cohort::Duration const moment = millis(random) * 1ms;
        co_await cohort::sleep_for(moment);
        REQUIRE(ended(server) < count);
        co_await suffer(server, how, span);
        bool const goes_on = co_await resumes(server);
        CAPTURE(static_cast<int>(how));
        CHECK(goes_on);
    }
    co_await count_right(jobs, 5min);
    co_await check_whole(server.url(), count);
    for (auto& worker : crew.processes)
        CHECK(worker.wait(0) == -1);
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
    auto const pause = cohort::run(kill_the_holder(dir, server.url()));
    // Not while the dead one had its lease, whose last beat is a third of it ago at most.
    CHECK(pause > 500ms);
    CHECK(pause < 3s * support::slowness);
}

TEST_CASE("on Redis, a server that is killed and comes back loses nothing that was on its disk",
          "[F33][F38]") {
    if (is_skipped()) return;
    support::RedisServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
    support::TempDir const dir;
    cohort::run(kill_the_server(server, dir));
}

TEST_CASE("on Redis, three outages amid 10,000 jobs lose none, and no process has to start anew", "[I25]") {
    if (is_skipped()) return;
    support::RedisServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
    support::TempDir const dir;
    cohort::run(outages(server, dir, 10'000, 2s));
}

TEST_CASE("on Redis, three outages of 30 s amid 100,000 jobs lose none",
          "[I25][F41][.nightly][timeout:600]") {
    if (is_skipped()) return;
    support::RedisServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
    support::TempDir const dir;
    cohort::run(outages(server, dir, 100'000, 30s));
}

}  // namespace redis_test
