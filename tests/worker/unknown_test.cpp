// SPDX-License-Identifier: MIT
// Jobs that a worker claims and does not know, in the middle of a deploy.
#include "support/slowness.hpp"
#include "worker/rig.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <tuple>
#include <vector>

namespace unknown_test {

using cohort::awaitable;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

int old_job() {
    return 1;
}
COHORT_JOB(old_job);
int new_job() {
    return 2;
}
COHORT_JOB(new_job);

// How long it takes until a hundred new jobs are done among many workers that do not know them.
awaitable<void> deploy(Rig& rig, int old_workers, cohort::Duration most) {
    for (int i = 0; i < old_workers; ++i)
        rig.start<old_job>();
    co_await cohort::sleep_for(1s);
    auto const jobs = co_await rig.client.enqueue_jobs<new_job>(std::vector<std::tuple<>>(100));
    co_await cohort::sleep_for(3s);
    rig.start<old_job, new_job>();
    auto const begun = rig.now();
    auto const outcomes = co_await cohort::wait_all(jobs, 1h);
    INFO("took " << cohort::to_string(rig.now() - begun));
    for (auto const& outcome : outcomes)
        REQUIRE(outcome.value == 2);
    CHECK(rig.now() - begun < most);
}

// None of many that nobody knows keeps a worker from what it knows.
awaitable<void> crowd(Rig& rig) {
    std::vector<std::tuple<>> const calls(5000 / support::slowness);
    co_await rig.client.enqueue_jobs<new_job>(calls);
    auto& worker = rig.start<old_job>();
    co_await cohort::sleep_for(1min);
    auto const begun = rig.now();
    for (int i = 0; i < 100; ++i) {
        int const value = co_await rig.client.call<old_job>();
        CHECK(value == 1);
    }
    CHECK(rig.now() - begun < 1s);
    auto const before = worker.stats().released;
    co_await cohort::sleep_for(2min);
    CHECK(worker.stats().released - before < 2 * 60 * 200);
}

// A job that was put off for hours is not old when it is first looked at.
awaitable<void> late(Rig& rig) {
    rig.start<old_job>({.unknown_job = 1h});
    auto const job = co_await rig.client.enqueue_job<new_job>({.delay = 3h});
    co_await cohort::sleep_for(3h + 40min);
    auto const record = co_await job.status();
    CHECK_FALSE(is_terminal(record->state));
    CHECK(record->counters.released > 30);
    rig.start<old_job, new_job>({.unknown_job = 1h});
    int const value = co_await job.result(20min);
    CHECK(value == 2);
    auto const orphan = co_await rig.client.enqueue_named("nobody.knows", "[]", {.delay = 3h});
    auto const outcome = co_await orphan.outcome(5h);
    CHECK(outcome.reason == cohort::FailReason::unknown_job);
}

TEST_CASE("new jobs find the one new worker among nine old ones within a minute or two", "[F22]") {
    Rig rig;
    rig.run(deploy(rig, 9, 2min));
}

TEST_CASE("new jobs are done at once where as many workers are old as new", "[F22]") {
    Rig rig;
    rig.run(deploy(rig, 1, 15s));
}

TEST_CASE("five thousand jobs that nobody knows keep no worker from its own", "[F22]") {
    Rig rig;
    rig.run(crowd(rig));
}

TEST_CASE("a job with a long delay is not too old for a worker that does not know it", "[F22]") {
    Rig rig;
    rig.run(late(rig));
}

}  // namespace unknown_test
