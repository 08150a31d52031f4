// SPDX-License-Identifier: MIT
// What a worker does with jobs that go well, and with those that do not.
#include "worker/rig.hpp"

#include <cohort/context.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace run_test {

using cohort::awaitable;
using cohort::errc;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);
int add_quickly(int a, int b) {
    return a + b;
}
COHORT_JOB(add_quickly, .quick = true);
awaitable<int> add_slowly(int a, int b) {
    co_await cohort::sleep_for(100ms);
    co_return a + b;
}
COHORT_JOB(add_slowly);
void nothing() {}
COHORT_JOB(nothing);

int at_once = 0;
int most_at_once = 0;
awaitable<void> counted(int millis) {
    most_at_once = std::max(most_at_once, ++at_once);
    auto const span = std::chrono::milliseconds{millis};
    co_await cohort::sleep_for(span);
    --at_once;
}
COHORT_JOB(counted);

int flaky(cohort::Context& context, int successes_at) {
    if (static_cast<int>(context.attempt()) < successes_at) throw std::runtime_error{"not yet"};
    return successes_at;
}
COHORT_JOB(flaky, .max_retries = 3,
           .backoff = cohort::Backoff{.initial = 1s, .factor = 2, .max = 1min, .jitter = false});

void hopeless() {
    throw cohort::Discard{"no use"};
}
COHORT_JOB(hopeless, .max_retries = 9);
void patient(cohort::Context& context) {
    if (context.attempt() == 1) throw cohort::Retry{1h, "painter busy"};
}
COHORT_JOB(patient, .max_retries = 1);
void throws_int() {
    throw 42;
}
COHORT_JOB(throws_int);
void throws_badly() {
    throw std::runtime_error{std::string("\x1b[31mred\r\n\xff") + std::string(1 << 20, 'x')};
}
COHORT_JOB(throws_badly);
std::string too_large() {
    return std::string(3 << 20, 'x');
}
COHORT_JOB(too_large);
double not_a_number() {
    return std::numeric_limits<double>::quiet_NaN();
}
COHORT_JOB(not_a_number);

bool was_destroyed = false;
struct Witness {
    ~Witness() { was_destroyed = true; }
};
awaitable<void> endless() {
    Witness const witness;
    co_await cohort::sleep_for(1000h);
}
COHORT_JOB(endless, .timeout = 300ms);

template<class T>
T value_of(cohort::Outcome<T> outcome) {
    INFO(outcome.error);
    REQUIRE(outcome.value.has_value());
    return std::move(*outcome.value);
}

namespace {

awaitable<void> three_kinds(Rig& rig) {
    rig.start<add, add_quickly, add_slowly, nothing>();
    int const plain = co_await rig.client.call<add>(1, 2);
    int const quick = co_await rig.client.call<add_quickly>(3, 4);
    int const coroutine = co_await rig.client.call<add_slowly>(5, 6);
    co_await rig.client.call<nothing>();
    CHECK(plain == 3);
    CHECK(quick == 7);
    CHECK(coroutine == 11);
}

awaitable<void> exactly_n(Rig& rig, std::uint32_t n) {
    at_once = most_at_once = 0;
    std::vector<std::tuple<int>> const calls(3 * n, std::tuple{100});
    auto const jobs = co_await rig.client.enqueue_jobs<counted>(calls);
    rig.start<counted>({.concurrency = n});
    auto const begun = rig.now();
    co_await cohort::wait_all(jobs, 1h);
    CHECK(most_at_once == static_cast<int>(n));
    CHECK(rig.now() - begun < 400ms);
}

awaitable<void> in_order(Rig& rig) {
    // One slot, two queues: the first is emptied before the second is looked at.
    std::vector<cohort::Job<int>> jobs;
    for (int i = 0; i < 3; ++i) {
        auto const low = co_await rig.client.enqueue_job<add>({.queue = "low"}, i, 0);
        auto const high = co_await rig.client.enqueue_job<add>({.queue = "high"}, i, 0);
        jobs.push_back(low);
        jobs.push_back(high);
    }
    rig.start<add>({.queues = {"high", "low"}, .concurrency = 1});
    co_await cohort::wait_all(jobs, 1h);
    cohort::Instant last_high{};
    cohort::Instant first_low = cohort::never;
    for (auto const& job : jobs) {
        auto const record = co_await job.status();
        if (job.ref().queue == "high")
            last_high = std::max(last_high, *record->started);
        else
            first_low = std::min(first_low, *record->started);
    }
    CHECK(last_high <= first_low);
}

awaitable<void> retries(Rig& rig) {
    rig.start<flaky>();
    auto const begun = rig.now();
    auto const job = co_await rig.client.enqueue_job<flaky>(3);
    int const value = co_await job.result(1h);
    CHECK(value == 3);
    auto const record = co_await job.status();
    CHECK(record->counters == cohort::Counters{.attempt = 3, .failures = 2});
    CHECK(rig.now() - begun >= 3s);
    CHECK(rig.now() - begun < 5s);

    auto const lost_cause = co_await rig.client.enqueue_job<flaky>(100);
    auto const outcome = co_await lost_cause.outcome(1h);
    CHECK(outcome.state == JobState::failed);
    CHECK(outcome.reason == cohort::FailReason::exception);
    CHECK(outcome.error == "not yet");
    CHECK(outcome.attempt == 4);
}

awaitable<void> says_how(Rig& rig) {
    rig.start<hopeless, patient>();
    auto const first = co_await rig.client.enqueue_job<hopeless>();
    auto const outcome = co_await first.outcome(1h);
    CHECK(outcome.state == JobState::failed);
    CHECK(outcome.error == "no use");
    CHECK(outcome.attempt == 1);

    auto const begun = rig.now();
    auto const second = co_await rig.client.enqueue_job<patient>();
    co_await second.result(2h);
    CHECK(rig.now() - begun >= 1h);
}

awaitable<void> odd_throws(Rig& rig) {
    rig.start<throws_int, throws_badly, too_large, not_a_number, add>();
    auto const number = co_await rig.client.enqueue_job<throws_int>();
    auto const first = co_await number.outcome(1h);
    CHECK(first.state == JobState::failed);
    CHECK(first.error.find("int") != std::string::npos);

    auto const text = co_await rig.client.enqueue_job<throws_badly>();
    auto const second = co_await text.outcome(1h);
    CHECK(second.state == JobState::failed);
    CHECK(second.error.size() <= 8192 + 16);
    CHECK(second.error.find('\x1b') == std::string::npos);

    auto const large = co_await rig.client.enqueue_job<too_large>();
    auto const third = co_await large.outcome(1h);
    CHECK(third.reason == cohort::FailReason::bad_result);
    auto const nan = co_await rig.client.enqueue_job<not_a_number>();
    auto const fourth = co_await nan.outcome(1h);
    CHECK(fourth.reason == cohort::FailReason::bad_result);

    int const good = co_await rig.client.call<add>(1, 1);
    CHECK(good == 2);
}

awaitable<void> too_long(Rig& rig) {
    was_destroyed = false;
    rig.start<endless, add>({.concurrency = 1});
    auto const begun = rig.now();
    auto const job = co_await rig.client.enqueue_job<endless>();
    auto const outcome = co_await job.outcome(1h);
    CHECK(outcome.state == JobState::failed);
    CHECK(outcome.reason == cohort::FailReason::timeout);
    CHECK(rig.now() - begun >= 300ms);
    CHECK(rig.now() - begun < 500ms);
    CHECK(was_destroyed);
    int const good = co_await rig.client.call<add>(1, 1);
    CHECK(good == 2);
}

awaitable<void> bad_payload(Rig& rig) {
    rig.start<add>();
    auto const wrong = co_await rig.client.enqueue_named("run_test.add", R"(["one", 2])");
    auto const outcome = co_await wrong.outcome(1h);
    CHECK(outcome.reason == cohort::FailReason::bad_payload);
    CHECK(outcome.error.find("argument") != std::string::npos);
    CHECK(outcome.error.find("\"one\"") != std::string::npos);
    int const good = co_await rig.client.call<add>(1, 1);
    CHECK(good == 2);
}

awaitable<void> unknown_name(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<add>(1, 2);
    rig.start<nothing>({.unknown_job = 1h});
    co_await cohort::sleep_for(10s);
    auto const waiting = co_await job.status();
    CHECK_FALSE(is_terminal(waiting->state));
    CHECK(waiting->counters.failures == 0);
    rig.start<add>({.unknown_job = 1h});
    int const sum = co_await job.result(10min);
    CHECK(sum == 3);

    auto const orphan = co_await rig.client.enqueue_named("nobody.knows", "[]");
    auto const outcome = co_await orphan.outcome(3h);
    CHECK(outcome.reason == cohort::FailReason::unknown_job);
}

}  // namespace

TEST_CASE("coroutines, plain functions and quick ones give their results", "[I08][I10]") {
    Rig rig;
    rig.run(three_kinds(rig));
}

TEST_CASE("a worker of concurrency N runs N jobs at once and never N + 1", "[I23]") {
    auto const n = GENERATE(1u, 7u, 100u);
    Rig rig;
    rig.run(exactly_n(rig, n));
}

TEST_CASE("queues are emptied in the order in which they are named") {
    Rig rig;
    rig.run(in_order(rig));
}

TEST_CASE("a job that fails is retried with growing pauses until its retries are used up") {
    Rig rig;
    rig.run(retries(rig));
}

TEST_CASE("Discard ends a job at once, Retry says when it runs again") {
    Rig rig;
    rig.run(says_how(rig));
}

TEST_CASE("whatever a body throws, the job fails in a sentence and the worker goes on", "[F16][I19]") {
    Rig rig;
    rig.run(odd_throws(rig));
}

TEST_CASE("a run past its limit is cancelled, and its slot is free", "[F19][I18]") {
    Rig rig;
    rig.run(too_long(rig));
}

TEST_CASE("arguments that do not fit fail the job with their path, and the worker goes on", "[B07]") {
    Rig rig;
    rig.run(bad_payload(rig));
}

TEST_CASE("a job that this worker does not know waits for one that does", "[F22][B03]") {
    Rig rig;
    rig.run(unknown_name(rig));
}

}  // namespace run_test
