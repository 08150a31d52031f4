// SPDX-License-Identifier: MIT
// What jobs write with their outcome, while their workers are killed. The wall clock is meant here: leases of
// processes that are gone end by themselves.
#include "e2e/e2e_jobs.hpp"
#include "sqlite/sqlite_database.hpp"
#include "support/process.hpp"

#include <cohort/client.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <memory>
#include <random>
#include <tuple>
#include <vector>

namespace commit_test {

using namespace std::chrono_literals;
using namespace e2e;

namespace {

std::unique_ptr<support::Process> start_worker(support::TempDir const& dir) {
    std::vector<std::string> const command{support::program("e2e_worker"),
                                           "--broker",
                                           "sqlite:" + dir.file("jobs.db"),
                                           "--lease",
                                           "600ms",
                                           "--upkeep",
                                           "200ms",
                                           "--concurrency",
                                           "8"};
    return std::make_unique<support::Process>(command, dir.file("worker.log"));
}

// At this very moment: as many bookings as outcomes, and none twice.
void compare(test::SqliteDatabase& database) {
    REQUIRE(database.number(
                "SELECT (SELECT count(*) FROM bookings) - "
                "(SELECT count(*) FROM jobs_view WHERE name = 'e2e.book' AND state = 'succeeded')") == 0);
    REQUIRE(database.number("SELECT count(*) FROM bookings GROUP BY n HAVING count(*) > 1") == -1);
}

cohort::awaitable<void> kill_again_and_again(support::TempDir const& dir) {
    cohort::Client client{"sqlite:" + dir.file("jobs.db")};
    test::SqliteDatabase database{dir.file("jobs.db")};
    database.execute("CREATE TABLE bookings (n INTEGER NOT NULL)");
    constexpr int count = 8'000;
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n, 0);
    auto const jobs = co_await client.enqueue_jobs<book>(calls);

    std::mt19937 random{20'240'607};
    std::uniform_int_distribution<int> span{1, 60};
    int kills = 0;
    long long booked = 0;
    while (booked < count) {
        std::vector<std::unique_ptr<support::Process>> workers;
        workers.push_back(start_worker(dir));
        workers.push_back(start_worker(dir));
        auto const before = booked;
        // Until they work; then kill -9 at any moment. Later rounds are let go on, so that there is an end.
        while (booked == before) {
            co_await cohort::sleep_for(5ms);
            booked = database.number("SELECT count(*) FROM bookings");
        }
        auto const life = std::chrono::milliseconds{kills < 12 ? span(random) : 3'000};
        co_await cohort::sleep_for(life);
        workers.clear();
        ++kills;
        compare(database);
        booked = database.number("SELECT count(*) FROM bookings");
    }
    CHECK(kills >= 4);
    auto const outcomes = co_await cohort::wait_all(jobs, 60s);
    for (int n = 0; n < count; ++n)
        REQUIRE(outcomes[static_cast<std::size_t>(n)].value == n);
    compare(database);
    CHECK(database.number("SELECT count(*) FROM bookings") == count);
}

cohort::awaitable<void> refuse(support::TempDir const& dir) {
    cohort::Client client{"sqlite:" + dir.file("jobs.db")};
    test::SqliteDatabase database{dir.file("jobs.db")};
    database.execute("CREATE TABLE bookings (n INTEGER NOT NULL)");
    auto const worker = start_worker(dir);
    cohort::Backoff const at_once{.initial = 1ms, .factor = 1, .max = 1ms, .jitter = false};
    auto const retried = co_await client.enqueue_job<book>({.max_retries = 2, .backoff = at_once}, 1, 2);
    auto const failed = co_await client.enqueue_job<book>({.max_retries = 1, .backoff = at_once}, 2, 2);
    auto const first = co_await retried.outcome(30s);
    auto const second = co_await failed.outcome(30s);
    CHECK(first.value == 1);
    CHECK(first.attempt == 3);
    CHECK(second.state == cohort::JobState::failed);
    CHECK(second.error.find("not this time") != std::string::npos);
    CHECK(database.number("SELECT sum(n) FROM bookings") == 1);
}

}  // namespace

TEST_CASE("however often workers are killed, what a job writes with its outcome is there once",
          "[timeout:180]") {
    support::TempDir const dir;
    cohort::run(kill_again_and_again(dir));
}

TEST_CASE("a job whose write is refused is retried, and fails when its retries are used up") {
    support::TempDir const dir;
    cohort::run(refuse(dir));
}

}  // namespace commit_test
