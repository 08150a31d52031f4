// SPDX-License-Identifier: MIT
// Real worker processes, killed. The wall clock is meant here: leases of processes that are gone end by
// themselves.
#include "e2e/crew.hpp"

#include <cohort/client.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <csignal>
#include <set>
#include <tuple>
#include <vector>

namespace kill_test {

using namespace std::chrono_literals;

using namespace e2e;

namespace {

std::string url_in(support::TempDir const& dir) {
    return "sqlite:" + dir.file("jobs.db");
}

cohort::awaitable<void> kill_amid_many(support::TempDir const& dir) {
    cohort::Client client{url_in(dir)};
    constexpr int count = 10'000;
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n, n % 100 == 0 ? 20 : 0);
    auto const jobs = co_await client.enqueue_jobs<twice>(calls);
    Crew crew{dir, url_in(dir), 4};

    cohort::Instant killed{};
    cohort::AsCompleted done{jobs};
    std::set<std::size_t> ended;
    while (done.left() > 0) {
        std::size_t const index = co_await done.next(60s);
        auto const outcome = done.outcome<int>(index);
        REQUIRE(outcome.value.has_value());
        REQUIRE(*outcome.value == 2 * static_cast<int>(index));
        REQUIRE(ended.insert(index).second);
        if (ended.size() == count / 2) {
            crew.processes.front().signal(SIGKILL);
            killed = cohort::system_clock().now();
        }
    }
    REQUIRE(ended.size() == count);

    int lost = 0;
    for (auto const& job : jobs) {
        auto const record = co_await job.status();
        REQUIRE(record.has_value());
        REQUIRE(record->state == cohort::JobState::succeeded);
        REQUIRE(record->counters.failures == 0);
        REQUIRE(record->counters.attempt == 1 + record->counters.lost);
        if (record->counters.lost == 0) continue;
        ++lost;
        auto const pause = *record->started - killed;
        CHECK(pause < 3s);
    }
    CHECK(lost <= 8);
    CHECK(crew.processes.front().wait(0) == 128 + SIGKILL);
}

cohort::awaitable<void> poison(support::TempDir const& dir) {
    cohort::Client client{url_in(dir)};
    auto const job = co_await client.enqueue_job<kill_worker>({.max_lost = 1});
    auto const good = co_await client.enqueue_job<twice>(1, 0);
    int crashes = 0;
    cohort::Ending ending;
    while (!is_terminal(ending.state)) {
        Crew crew{dir, url_in(dir), 1};
        while (!is_terminal(ending.state)) {
            try {
                ending = co_await job.ending(200ms);
            } catch (cohort::Error const& error) {
                REQUIRE(error.which() == cohort::errc::timed_out);
            }
            if (crew.processes.front().wait(0) == 128 + SIGKILL) {
                ++crashes;
                break;
            }
        }
    }
    CHECK(crashes == 2);
    CHECK(ending.state == cohort::JobState::failed);
    CHECK(ending.reason == cohort::FailReason::worker_lost);
    Crew const last{dir, url_in(dir), 1};
    int const value = co_await good.result(20s);
    CHECK(value == 2);
}

// All workers stand still for longer than their leases, as on a machine that was suspended, and go on
// together.
cohort::awaitable<void> suspend_all(support::TempDir const& dir) {
    cohort::Client client{url_in(dir)};
    Crew crew{dir, url_in(dir), 3};
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < 24; ++n)
        calls.emplace_back(n, 1500);
    auto const jobs = co_await client.enqueue_jobs<twice>(calls);
    int running = 0;
    while (running < 24) {
        co_await cohort::sleep_for(20ms);
        running = 0;
        for (auto const& job : jobs) {
            auto const record = co_await job.status();
            running += record->state == cohort::JobState::running ? 1 : 0;
        }
    }
    for (auto& process : crew.processes)
        process.signal(SIGSTOP);
    co_await cohort::sleep_for(2500ms);
    for (auto& process : crew.processes)
        process.signal(SIGCONT);
    auto const outcomes = co_await cohort::wait_all(jobs, 20s);
    for (auto const& outcome : outcomes) {
        CHECK(outcome.has_value());
        CHECK(outcome.attempt == 1);
    }
}

cohort::awaitable<void> stop_gently(support::TempDir const& dir) {
    cohort::Client client{url_in(dir)};
    Crew crew{dir, url_in(dir), 1, {"--grace", "5s"}};
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < 8; ++n)
        calls.emplace_back(n, 500);
    auto const jobs = co_await client.enqueue_jobs<twice_plain>(calls);
    co_await until_it_runs(jobs.back());
    crew.processes.front().signal(SIGTERM);
    CHECK(crew.processes.front().wait(5000) == 0);
    for (auto const& job : jobs) {
        auto const record = co_await job.status();
        CHECK(record->state == cohort::JobState::succeeded);
        CHECK(record->counters.attempt == 1);
        CHECK(record->counters.released == 0);
    }
}

}  // namespace

TEST_CASE("kill -9 of one of four workers amid 10,000 jobs: each job ends exactly once", "[F01][I27]") {
    support::TempDir const dir;
    cohort::run(kill_amid_many(dir));
}

TEST_CASE("the job of a killed worker runs on another one within lease and upkeep", "[F01][I27]") {
    support::TempDir const dir;
    auto const pause = cohort::run(kill_the_holder(dir, url_in(dir)));
    CHECK(pause < 3s);
}

TEST_CASE("a job that kills its workers fails after max_lost of them, and the others run", "[F17]") {
    support::TempDir const dir;
    cohort::run(poison(dir));
}

TEST_CASE("workers that stood still together do not take each other for dead", "[F80]") {
    support::TempDir const dir;
    cohort::run(suspend_all(dir));
}

TEST_CASE("SIGTERM lets running jobs finish, and the program ends with 0", "[F05][S33]") {
    support::TempDir const dir;
    cohort::run(stop_gently(dir));
}

}  // namespace kill_test
