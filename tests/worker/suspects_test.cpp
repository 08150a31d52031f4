// SPDX-License-Identifier: MIT
// Jobs that have lost two workers get the next one for themselves.
#include "worker/rig.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

using cohort::awaitable;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

namespace suspects_test {

struct Seen {
    int at_once = 0;
    int most_beside_suspect = 0;
    int most = 0;
};
Seen seen;

awaitable<void> observed(bool is_suspect, int millis) {
    ++seen.at_once;
    seen.most = std::max(seen.most, seen.at_once);
    for (int i = 0; i < 10; ++i) {
        if (is_suspect) seen.most_beside_suspect = std::max(seen.most_beside_suspect, seen.at_once - 1);
        auto const step = std::chrono::milliseconds{millis} / 10;
        co_await cohort::sleep_for(step);
    }
    --seen.at_once;
}
COHORT_JOB(observed);

}  // namespace suspects_test

using namespace suspects_test;

namespace {

// A worker takes all that is due, and is never heard of again.
awaitable<void> lose_all(Rig& rig, int life) {
    cohort::WorkerInfo info;
    info.incarnation = "dead" + std::to_string(life);
    info.queues = {"default"};
    info.slots = 100;
    info.lease = 1s;
    cohort::ClaimParams claim;
    claim.incarnation = info.incarnation;
    claim.queues = info.queues;
    claim.limit = 100;
    co_await rig.broker->enlist(info);
    co_await rig.broker->claim(claim);
    co_await cohort::sleep_for(2s);
    cohort::UpkeepParams params;
    params.queues = info.queues;
    co_await rig.broker->upkeep(params);
    co_await cohort::sleep_for(1s);  // the pause before the next run
}

awaitable<std::vector<cohort::Job<void>>> suspects(Rig& rig, int count, int millis) {
    std::vector<cohort::Job<void>> jobs;
    for (int i = 0; i < count; ++i) {
        auto const job = co_await rig.client.enqueue_job<observed>(true, millis);
        jobs.push_back(job);
    }
    co_await lose_all(rig, 1);
    co_await lose_all(rig, 2);
    co_return jobs;
}

awaitable<void> alone(Rig& rig) {
    seen = {};
    auto jobs = co_await suspects(rig, 2, 500);
    for (int i = 0; i < 20; ++i) {
        auto const job = co_await rig.client.enqueue_job<observed>(false, 200);
        jobs.push_back(job);
    }
    rig.start<observed>({.concurrency = 8});
    auto const outcomes = co_await cohort::wait_all(jobs, 1h);
    for (auto const& outcome : outcomes)
        CHECK(outcome.state == JobState::succeeded);
    CHECK(seen.most_beside_suspect == 0);
    CHECK(seen.most == 8);
}

// Neighbours that take long do not keep a suspect waiting for ever, nor does a long suspect everybody else.
awaitable<void> bounded(Rig& rig) {
    seen = {};
    constexpr int hour = 3'600'000;
    co_await suspects(rig, 1, hour);
    co_await rig.client.enqueue_job<observed>({.priority = 9}, false, hour);
    rig.start<observed>({.concurrency = 3, .grace = 1s});
    co_await cohort::sleep_for(9s);
    CHECK(seen.at_once == 1);
    co_await cohort::sleep_for(2s);
    CHECK(seen.at_once == 2);
    co_await rig.client.enqueue_job<observed>(false, hour);
    co_await cohort::sleep_for(50s);
    CHECK(seen.at_once == 2);
    co_await cohort::sleep_for(10s);
    CHECK(seen.at_once == 3);
}

awaitable<void> handed_back(Rig& rig) {
    seen = {};
    auto const jobs = co_await suspects(rig, 3, 500);
    rig.start<observed>({.concurrency = 8, .grace = 5s});
    co_await cohort::sleep_for(200ms);  // the first one runs
    co_await rig.stop();
    int released = 0;
    for (auto const& job : jobs) {
        auto const record = co_await job.status();
        released += static_cast<int>(record->counters.released);
        CHECK(record->state == (record->counters.released > 0 ? JobState::queued : JobState::succeeded));
    }
    CHECK(released == 2);
}

}  // namespace

TEST_CASE("a job that has lost two workers runs alone, and the others as many at once as ever", "[F17]") {
    Rig rig;
    rig.run(alone(rig));
}

TEST_CASE("waiting for and with a job that runs alone has limits", "[F17]") {
    Rig rig;
    rig.run(bounded(rig));
}

TEST_CASE("jobs that were to run alone are handed back at a stop", "[F17]") {
    Rig rig;
    rig.run(handed_back(rig));
}
