// SPDX-License-Identifier: MIT
// A job whose worker died as often as max_lost allows: its last run is alone in its worker, so that nobody is
// blamed for a neighbour.
#include "worker/rig.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <tuple>
#include <vector>

namespace suspect_test {

using cohort::awaitable;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

int running = 0;
std::vector<int> beside;  // how many ran when each suspect began

awaitable<int> suspect() {
    beside.push_back(running);
    ++running;
    co_await cohort::sleep_for(1s);
    --running;
    co_return 1;
}
COHORT_JOB(suspect);

awaitable<int> other(int millis) {
    ++running;
    auto const span = std::chrono::milliseconds{millis};
    co_await cohort::sleep_for(span);
    --running;
    co_return millis;
}
COHORT_JOB(other);

awaitable<void> lengthy() {
    ++running;
    co_await cohort::sleep_for(5h);
    --running;
}
COHORT_JOB(lengthy);

// Takes all that is due, and never beats.
awaitable<void> take_all(Rig& rig) {
    cohort::WorkerInfo info;
    info.incarnation = cohort::random_id();
    info.queues = {"default"};
    info.slots = 8;
    info.lease = 1s;
    co_await rig.broker->enlist(info);
    cohort::ClaimParams claim{info.incarnation, {"default"}, 8, 1, 0s};
    cohort::ClaimReply const reply = co_await rig.broker->claim(claim);
    REQUIRE(!reply.jobs.empty());
}

awaitable<void> die_with_all(Rig& rig) {
    co_await take_all(rig);
    co_await cohort::sleep_for(2s);
    cohort::UpkeepParams upkeep{{"default"}, 500};
    co_await rig.broker->upkeep(upkeep);
}

awaitable<void> last_runs(Rig& rig) {
    running = 0;
    beside.clear();
    auto const first = co_await rig.client.enqueue_job<suspect>({.max_lost = 1});
    auto const second = co_await rig.client.enqueue_job<suspect>({.max_lost = 1});
    co_await die_with_all(rig);
    auto const before = co_await rig.client.enqueue_job<other>({.priority = 1}, 5000);
    auto const after = co_await rig.client.enqueue_job<other>({.priority = -1}, 10);
    rig.start<suspect, other>({.concurrency = 8});

    int const one = co_await first.result(1min);
    int const two = co_await second.result(1min);
    int const last = co_await after.result(1min);
    CHECK(one + two + last == 12);
    CHECK(beside == std::vector<int>{0, 0});
    for (auto const* job : {&first, &second}) {
        auto const record = co_await job->status();
        CHECK(record->counters.lost == 1);
        CHECK(record->counters.failures == 0);
        CHECK(record->counters.attempt == 2 + record->counters.released);
    }
    int const early = co_await before.result(1min);
    CHECK(early == 5000);
}

awaitable<void> room(Rig& rig) {
    running = 0;
    beside.clear();
    auto const job = co_await rig.client.enqueue_job<suspect>({.max_lost = 1});
    co_await die_with_all(rig);
    std::vector<std::tuple<int>> calls(400, std::tuple<int>{700});
    auto const others = co_await rig.client.enqueue_jobs<other>(calls);
    auto const begun = rig.now();
    auto const busy = co_await rig.client.enqueue_job<other>({.priority = 1}, 500);
    rig.start<suspect, other>({.concurrency = 2});

    int const value = co_await job.result(10min);
    CHECK(value == 1);
    CHECK(rig.now() - begun < 30s);
    CHECK(beside == std::vector<int>{0});
    auto const last = co_await others.back().status();
    CHECK(last->state == JobState::queued);
}

awaitable<void> earlier_runs(Rig& rig) {
    running = 0;
    beside.clear();
    auto const first = co_await rig.client.enqueue_job<suspect>();
    auto const second = co_await rig.client.enqueue_job<suspect>();
    co_await die_with_all(rig);
    rig.start<suspect, other>({.concurrency = 8});
    int const one = co_await first.result(1min);
    int const two = co_await second.result(1min);
    CHECK(one + two == 2);
    CHECK(beside == std::vector<int>{0, 1});
}

awaitable<void> long_last_run(Rig& rig) {
    running = 0;
    beside.clear();
    auto const first = co_await rig.client.enqueue_job<lengthy>({.max_lost = 1});
    auto const second = co_await rig.client.enqueue_job<suspect>({.max_lost = 1});
    co_await die_with_all(rig);
    rig.start<suspect, lengthy, other>({.concurrency = 4});
    co_await cohort::sleep_for(1s);
    auto const begun = rig.now();
    auto const behind = co_await rig.client.enqueue_job<other>(10);
    auto const outcome = co_await behind.outcome(1h);
    CHECK(outcome.value == 10);
    CHECK(rig.now() - begun > 55s);
    CHECK(rig.now() - begun < 65s);
    auto const record = co_await first.status();
    CHECK(record->state == JobState::running);
    // And who is in his last run too does not come beside it.
    CHECK(beside.empty());
    auto const waiting = co_await second.status();
    CHECK(waiting->counters.released > 0);
    co_await first.result(24h);
    int const value = co_await second.result(1min);
    CHECK(value == 1);
}

awaitable<void> room_beside_a_long_one(Rig& rig) {
    running = 0;
    beside.clear();
    auto const job = co_await rig.client.enqueue_job<suspect>({.max_lost = 1});
    co_await take_all(rig);
    auto const long_one = co_await rig.client.enqueue_job<lengthy>();
    rig.start<suspect, lengthy, other>({.concurrency = 4});
    co_await cohort::sleep_for(1s);
    auto const begun = rig.now();
    std::vector<std::tuple<int>> calls(60, std::tuple<int>{700});
    auto const others = co_await rig.client.enqueue_jobs<other>(calls);

    int const value = co_await job.result(1h);
    CHECK(value == 1);
    CHECK(rig.now() - begun < 100s);
    CHECK(beside == std::vector<int>{1});  // the long one; room was made among the others
    // After it the worker works on.
    auto const before = co_await rig.client.enqueue_job<other>({.priority = 1}, 10);
    int const next = co_await before.result(5s);
    CHECK(next == 10);
    auto const record = co_await long_one.status();
    CHECK(record->state == JobState::running);
}

TEST_CASE("the last run that max_lost allows is alone in its worker", "[F17][D12]") {
    Rig rig;
    rig.run(last_runs(rig));
}

TEST_CASE("a worker that is never idle makes room for a job that must be alone", "[D12]") {
    Rig rig;
    rig.run(room(rig));
}

TEST_CASE("runs before the last one that max_lost allows are in company", "[D12]") {
    Rig rig;
    rig.run(earlier_runs(rig));
}

TEST_CASE("a last run has its worker for itself for a minute, not for hours", "[D12]") {
    Rig rig;
    rig.run(long_last_run(rig));
}

TEST_CASE("a worker whose jobs last for hours makes room for a minute, then runs the suspect beside them",
          "[D12]") {
    Rig rig;
    rig.run(room_beside_a_long_one(rig));
}

}  // namespace suspect_test
