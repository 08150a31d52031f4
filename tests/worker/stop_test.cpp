// SPDX-License-Identifier: MIT
// How a worker stops, and what becomes of what it was doing.
#include "worker/rig.hpp"

#include <cohort/context.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace stop_test {

using cohort::awaitable;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

awaitable<int> slow(int millis) {
    auto const span = std::chrono::milliseconds{millis};
    co_await cohort::sleep_for(span);
    co_return millis;
}
COHORT_JOB(slow);

std::string trace;
awaitable<void> outer(cohort::Context&, cohort::Next next) {
    trace += "(";
    co_await next();
    trace += ")";
}
awaitable<void> inner(cohort::Context& context, cohort::Next next) {
    trace += "[";
    co_await next();
    trace += context.result() + "]";
    context.set_result("99");
}
int traced() {
    trace += "x";
    return 1;
}
COHORT_JOB(traced);

struct Stock {
    int left = 3;
};
int take(cohort::Context& context) {
    return --context.get<Stock>().left;
}
COHORT_JOB(take);

awaitable<void> noted(cohort::Context& context) {
    context.note("half");
    co_await cohort::sleep_for(10s);
}
COHORT_JOB(noted);

namespace {

awaitable<void> short_jobs(Rig& rig) {
    auto& worker = rig.start<slow>({.concurrency = 4});
    std::vector<std::tuple<int>> const calls(12, std::tuple{100});
    auto const jobs = co_await rig.client.enqueue_jobs<slow>(calls);
    co_await cohort::sleep_for(150ms);
    worker.stop();
    co_await rig.stop();
    int done = 0;
    for (auto const& job : jobs) {
        auto const record = co_await job.status();
        bool const ended = record->state == JobState::succeeded;
        CHECK((ended || record->state == JobState::queued));
        CHECK(record->counters.attempt == (ended ? 1u : 0u));
        CHECK(record->counters.released == 0);
        if (ended) ++done;
    }
    CHECK(done == 8);
}

awaitable<void> long_job(Rig& rig) {
    auto& worker = rig.start<slow>({.grace = 2s, .cancel_grace = 500ms});
    auto const job = co_await rig.client.enqueue_job<slow>(60'000);
    co_await cohort::sleep_for(100ms);
    auto const begun = rig.now();
    worker.stop();
    co_await rig.stop();
    CHECK(rig.now() - begun >= 2s);
    CHECK(rig.now() - begun < 3s);
    auto const record = co_await job.status();
    CHECK(record->state == JobState::queued);
    CHECK(record->counters == cohort::Counters{.attempt = 1, .released = 1});
    CHECK(record->error.empty());

    rig.start<slow>();
    int const value = co_await job.result(2min);
    CHECK(value == 60'000);
    auto const ended = co_await job.status();
    CHECK(ended->counters == cohort::Counters{.attempt = 2, .released = 1});
}

awaitable<void> idle(Rig& rig) {
    auto& worker = rig.start<slow>();
    co_await cohort::sleep_for(5min);
    auto const begun = rig.now();
    worker.stop();
    co_await rig.stop();
    CHECK(rig.now() - begun < 1s);
    auto const job = co_await rig.client.enqueue_job<slow>(1);
    co_await cohort::sleep_for(5min);
    auto const record = co_await job.status();
    CHECK(record->state == JobState::queued);
}

awaitable<void> dead_worker(Rig& rig) {
    // A worker whose loop is gone: its claims end with its lease.
    cohort::WorkerInfo info;
    info.incarnation = cohort::random_id();
    info.queues = {"default"};
    info.slots = 4;
    info.lease = 30s;
    co_await rig.broker->enlist(info);
    auto const job = co_await rig.client.enqueue_job<slow>(100);
    cohort::ClaimParams claim{info.incarnation, {"default"}, 1, 1, 0s};
    cohort::ClaimReply const reply = co_await rig.broker->claim(claim);
    REQUIRE(reply.jobs.size() == 1);

    auto const begun = rig.now();
    rig.start<slow>({.upkeep = 10s});
    int const value = co_await job.result(10min);
    CHECK(value == 100);
    CHECK(rig.now() - begun < 30s + 12s + 1s);
    auto const record = co_await job.status();
    CHECK(record->counters == cohort::Counters{.attempt = 2, .lost = 1});
}

awaitable<void> decorated(Rig& rig) {
    trace.clear();
    rig.start({}, [](cohort::Worker& worker) {
        worker.use(outer);
        worker.add<traced>(inner);
    });
    int const value = co_await rig.client.call<traced>();
    CHECK(trace == "([x1])");
    CHECK(value == 99);
}

awaitable<void> shared_state(Rig& rig) {
    std::string hooks;
    rig.start({}, [&hooks](cohort::Worker& worker) {
        worker.add<take>();
        worker.provide(std::make_shared<Stock>());
        worker.on_start([&hooks]() -> awaitable<void> {
            hooks += "start ";
            co_return;
        });
        worker.on_stop([&hooks]() -> awaitable<void> {
            hooks += "stop";
            co_return;
        });
    });
    int const first = co_await rig.client.call<take>();
    int const second = co_await rig.client.call<take>();
    CHECK(first == 2);
    CHECK(second == 1);
    co_await rig.stop();
    CHECK(hooks == "start stop");
}

awaitable<void> cancelled(Rig& rig) {
    auto const waiting = co_await rig.client.enqueue_job<slow>({.delay = 1h}, 1);
    auto const verdict = co_await waiting.cancel();
    CHECK(verdict == cohort::CancelVerdict::cancelled);
    auto const outcome = co_await waiting.outcome(1s);
    CHECK(outcome.state == JobState::cancelled);

    rig.start<slow>();
    auto const running = co_await rig.client.enqueue_job<slow>(3'600'000);
    co_await cohort::sleep_for(1s);
    auto const asked = co_await running.cancel();
    CHECK(asked == cohort::CancelVerdict::requested);
    bool thrown = false;
    try {
        co_await running.result(1min);
    } catch (cohort::JobCancelled const&) {
        thrown = true;
    }
    CHECK(thrown);
    auto const late = co_await running.cancel();
    CHECK(late == cohort::CancelVerdict::finished);
}

awaitable<void> notes(Rig& rig) {
    rig.start<noted>();
    auto const job = co_await rig.client.enqueue_job<noted>();
    co_await cohort::sleep_for(1s);
    auto const record = co_await job.status();
    CHECK(record->state == JobState::running);
    CHECK(record->note == "half");
}

}  // namespace

TEST_CASE("stop() lets running jobs finish and takes no new ones", "[F05]") {
    Rig rig;
    rig.run(short_jobs(rig));
}

TEST_CASE("a job that outlasts the grace period is handed back, uncounted", "[F06]") {
    Rig rig;
    rig.run(long_job(rig));
}

TEST_CASE("an idle worker stops at once and claims nothing afterwards", "[F04]") {
    Rig rig;
    rig.run(idle(rig));
}

TEST_CASE("the jobs of a worker that died run again when its lease has ended", "[I27]") {
    Rig rig;
    rig.run(dead_worker(rig));
}

TEST_CASE("decorators run outside-in, the worker's around the job's, and may replace the result") {
    Rig rig;
    rig.run(decorated(rig));
}

TEST_CASE("jobs share what the worker was given, and the hooks run once each", "[I11][I31]") {
    Rig rig;
    rig.run(shared_state(rig));
}

TEST_CASE("a waiting job that is cancelled never runs, a running one is stopped", "[F35]") {
    Rig rig;
    rig.run(cancelled(rig));
}

TEST_CASE("what a job notes while it runs can be read at once", "[I26]") {
    Rig rig;
    rig.run(notes(rig));
}

}  // namespace stop_test
