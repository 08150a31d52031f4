// SPDX-License-Identifier: MIT
// What needs real threads, and therefore the wall clock: bodies that block, and the heart that beats beside
// them.
#include "memory/memory.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/context.hpp>
#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace threads_test {

using cohort::JobState;
using namespace std::chrono_literals;

std::atomic<bool> may_end = false;
std::atomic<int> started = 0;

// Deaf: looks neither at its limit nor at its cancellation.
int deaf() {
    ++started;
    may_end.wait(false);
    return 1;
}
COHORT_JOB(deaf, .timeout = 100ms);

int attentive(cohort::Context& context) {
    ++started;
    while (!context.stop_requested())
        std::this_thread::yield();
    context.checkpoint();
    return 1;
}
COHORT_JOB(attentive, .timeout = 100ms);

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);

// Holds its event loop for `millis`, as no coroutine should.
cohort::awaitable<int> busy(int millis) {
    ++started;
    auto const until = std::chrono::steady_clock::now() + std::chrono::milliseconds{millis};
    while (std::chrono::steady_clock::now() < until) {
    }
    co_return millis;
}
COHORT_JOB(busy);

// Holds its event loop until the test is over.
cohort::awaitable<void> hold_loop() {
    ++started;
    may_end.wait(false);
    co_return;
}
COHORT_JOB(hold_loop);

int meet() {
    // Ends only when as many run at once as the test wants.
    if (--started == 0) started.notify_all();
    for (int left = started; left > 0; left = started)
        started.wait(left);
    return 1;
}
COHORT_JOB(meet);

// Bodies that were given up come back by themselves, at a time of their own.
bool all_come_back(cohort::Worker const& worker) {
    auto const until = std::chrono::steady_clock::now() + 10s;
    while (worker.stats().stuck > 0) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::yield();
    }
    return true;
}

struct Rig {
    std::shared_ptr<cohort::Broker> broker = cohort::memory::open(cohort::parse_url("memory:"));
    cohort::BlockingClient client{broker};
};

TEST_CASE("a plain body past its limit is settled at once and its slot is free, up to max_stuck", "[F20]") {
    Rig rig;
    may_end = false;
    started = 0;
    cohort::Worker worker{rig.broker, {.concurrency = 2, .max_stuck = 3}};
    worker.add<deaf>();
    worker.add<add>();
    cohort::BackgroundWorker running{worker};

    for (int i = 1; i <= 3; ++i) {
        auto const job = rig.client.enqueue_job<deaf>();
        auto const outcome = job.outcome(10s);
        CHECK(outcome.state == JobState::failed);
        CHECK(outcome.reason == cohort::FailReason::timeout);
        CHECK(worker.stats().stuck == static_cast<std::uint32_t>(i));
        CHECK(rig.client.call<add>(i, i) == 2 * i);
    }

    // One more than allowed: the worker does not dig itself in any deeper.
    auto const fourth = rig.client.enqueue_job<deaf>();
    CHECK(fourth.outcome(10s).state == JobState::failed);
    CHECK(worker.stats().stuck == 4);
    auto const waiting = rig.client.enqueue_job<add>(1, 2);
    CHECK_THROWS_AS(waiting.result(200ms), cohort::Error);

    may_end = true;
    may_end.notify_all();
    CHECK(waiting.result(10s) == 3);
    CHECK(all_come_back(worker));
}

TEST_CASE("a plain body that looks at its context ends in time") {
    Rig rig;
    cohort::Worker worker{rig.broker};
    worker.add<attentive>();
    cohort::BackgroundWorker running{worker};
    auto const outcome = rig.client.enqueue_job<attentive>().outcome(10s);
    CHECK(outcome.reason == cohort::FailReason::timeout);
    CHECK(all_come_back(worker));
}

TEST_CASE("as many plain bodies run at once as there are slots", "[I23]") {
    Rig rig;
    constexpr int slots = 50;
    started = slots;
    cohort::Worker worker{rig.broker, {.concurrency = slots}};
    worker.add<meet>();
    cohort::BackgroundWorker running{worker};
    auto const jobs = rig.client.enqueue_jobs<meet>(std::vector<std::tuple<>>(slots));
    for (auto const& outcome : rig.client.wait_all(jobs, 30s))
        CHECK(outcome.value == 1);
}

TEST_CASE("a body that holds its event loop does not look dead: the heart beats on a thread of its own",
          "[F15]") {
    Rig rig;
    started = 0;
    cohort::WorkerOptions const options{.lease = 300ms, .upkeep = 100ms};
    cohort::Worker first{rig.broker, options};
    cohort::Worker second{rig.broker, options};
    first.add<busy>();
    second.add<busy>();
    cohort::BackgroundWorker first_running{first};
    cohort::BackgroundWorker second_running{second};
    auto const job = rig.client.enqueue_job<busy>(1500);
    CHECK(job.result(30s) == 1500);
    CHECK(started == 1);
    CHECK(job.status()->counters == cohort::Counters{.attempt = 1});
}

TEST_CASE("a body that holds its event loop is named, once, and the lag is measured", "[F15]") {
    Rig rig;
    started = 0;
    std::mutex mutex;
    std::vector<std::string> warnings;
    cohort::set_log_sink([&](cohort::LogLevel, std::string_view line) {
        std::lock_guard lock{mutex};
        if (line.find("event loop") != std::string_view::npos) warnings.emplace_back(line);
    });
    cohort::Worker worker{rig.broker};
    worker.add<busy>();
    {
        cohort::BackgroundWorker running{worker};
        CHECK(rig.client.call<busy>(10) == 10);
        CHECK(worker.stats().loop_lag < 1s);
        auto const job = rig.client.enqueue_job<busy>(3500);
        CHECK(job.result(30s) == 3500);
        CHECK(rig.client.call<busy>(2000) == 2000);  // so soon after the other it is not told again
        CHECK(worker.stats().loop_lag > 2s);
        CHECK(worker.stats().loop_lag < 30s);
        cohort::set_log_sink({});
        REQUIRE(warnings.size() == 1);
        CHECK(warnings[0].find("busy (" + to_string(job.ref()) + ")") != std::string::npos);
    }
}

TEST_CASE("a body that holds its event loop for ever does not keep a worker from stopping", "[F20]") {
    Rig rig;
    may_end = false;
    started = 0;
    cohort::Worker worker{rig.broker, {.grace = 0s, .cancel_grace = 50ms}};
    worker.add<hold_loop>();
    cohort::BackgroundWorker running{worker};
    auto const job = rig.client.enqueue_job<hold_loop>();
    while (started == 0)
        std::this_thread::yield();
    running.stop();
    auto const record = job.status();
    CHECK(record->state == JobState::queued);
    CHECK(record->counters == cohort::Counters{.attempt = 1, .released = 1});
    may_end = true;
    may_end.notify_all();
    CHECK(all_come_back(worker));
}

TEST_CASE("a thousand jobs of each kind over several loops and clients", "[A02]") {
    Rig rig;
    cohort::Worker worker{rig.broker, {.concurrency = 64, .threads = 3}};
    worker.add<add>();
    cohort::BackgroundWorker running{worker};
    std::vector<std::thread> callers;
    std::atomic<int> right = 0;
    for (int t = 0; t < 4; ++t) {
        callers.emplace_back([&rig, &right, t] {
            for (int i = 0; i < 250; ++i) {
                if (rig.client.call<add>(t, i) == t + i) ++right;
            }
        });
    }
    for (auto& caller : callers)
        caller.join();
    CHECK(right == 1000);
}

}  // namespace threads_test
