// SPDX-License-Identifier: MIT
// From which queues a worker takes its jobs, in which order, and when.
#include "support/slowness.hpp"
#include "worker/rig.hpp"

#include <cohort/context.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace order_test {

using cohort::awaitable;
using cohort::errc;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

std::vector<std::string> queues_seen;
std::vector<int> numbers_seen;

int note(cohort::Context& context, int number) {
    queues_seen.push_back(context.job().ref.queue);
    numbers_seen.push_back(number);
    return number;
}
COHORT_JOB(note);
awaitable<void> note_slowly(cohort::Context& context, int number) {
    note(context, number);
    co_await cohort::sleep_for(10ms);
}
COHORT_JOB(note_slowly);
COHORT_JOB_AS(note_late, note, .delay = 10s, .timeout = 1min);
COHORT_JOB_AS(note_soon, note);

awaitable<void> endless() {
    co_await cohort::sleep_for(1000h);
}
COHORT_JOB(endless, .timeout = 1h);
COHORT_JOB_AS(endless_by_default, endless);

void forget() {
    queues_seen.clear();
    numbers_seen.clear();
}

namespace {

awaitable<void> each_its_own(Rig& rig) {
    forget();
    for (int i = 0; i < 30; ++i) {
        std::string const queue = "abc"[i % 3] + std::string{};
        co_await rig.client.enqueue_job<note>({.queue = queue}, i);
    }
    rig.start<note>({.queues = {"a"}});
    co_await cohort::sleep_for(1min);
    CHECK(queues_seen == std::vector<std::string>(10, "a"));
    forget();
    rig.start<note>({.queues = {"b"}});
    co_await cohort::sleep_for(1min);
    CHECK(queues_seen == std::vector<std::string>(10, "b"));
    forget();
    rig.start<note>({.queues = {"c"}});
    co_await cohort::sleep_for(1min);
    CHECK(queues_seen == std::vector<std::string>(10, "c"));
}

awaitable<void> first_in_first_out(Rig& rig) {
    forget();
    std::vector<std::tuple<int>> calls;
    for (int i = 0; i < 10'000 / support::slowness; ++i)
        calls.emplace_back(i);
    auto const jobs = co_await rig.client.enqueue_jobs<note>(calls);
    rig.start<note>({.concurrency = 1});
    co_await cohort::wait_all(jobs, 24h);
    CHECK(numbers_seen.size() == 10'000 / support::slowness);
    CHECK(std::is_sorted(numbers_seen.begin(), numbers_seen.end()));
}

awaitable<void> weighted(Rig& rig, std::uint32_t concurrency) {
    constexpr int count = 1000 / support::slowness;
    forget();
    std::vector<cohort::Job<void>> jobs;
    for (int i = 0; i < count; ++i) {
        for (char const* queue : {"low", "middle", "high"}) {
            auto const job = co_await rig.client.enqueue_job<note_slowly>({.queue = queue}, i);
            jobs.push_back(job);
        }
    }
    rig.start<note_slowly>(
        {.queues = {"high", "middle", "low"}, .weights = {6, 3, 1}, .concurrency = concurrency});
    co_await cohort::wait_all(jobs, 24h);
    REQUIRE(queues_seen.size() == 3 * count);
    std::map<std::string, int> starts;
    for (int i = 0; i < count; ++i)
        ++starts[queues_seen[static_cast<std::size_t>(i)]];
    CHECK(starts["high"] >= count * 55 / 100);
    CHECK(starts["high"] <= count * 65 / 100);
    CHECK(starts["middle"] >= count * 25 / 100);
    CHECK(starts["middle"] <= count * 35 / 100);
    CHECK(starts["low"] >= count * 5 / 100);
    CHECK(starts["low"] <= count * 15 / 100);
}

// A fifth more than one slot can run, for as long as `goes_on`.
awaitable<void> flood(Rig& rig, std::string_view queue, int priority, std::shared_ptr<bool> goes_on) {
    for (int i = 0; *goes_on; ++i) {
        co_await rig.client.enqueue_job<note_slowly>({.queue = queue, .priority = priority}, i);
        co_await cohort::sleep_for(8ms);
    }
}

// How many jobs of the flood start while the one beside it waits; at most 1,000 are looked at.
awaitable<int> starts_before(Rig& rig, std::string_view queue, cohort::WorkerOptions options) {
    forget();
    auto const goes_on = std::make_shared<bool>(true);
    int const priority = queue == "rush" ? 100 : 0;
    boost::asio::co_spawn(rig.loop.executor(), flood(rig, "rush", priority, goes_on), boost::asio::detached);
    co_await cohort::sleep_for(1s);
    rig.start<note_slowly>(std::move(options));
    auto const before = queues_seen.size();
    auto const job = co_await rig.client.enqueue_job<note_slowly>({.queue = queue}, -1);
    auto const is_seen = [] { return std::ranges::count(numbers_seen, -1) == 1; };
    while (!is_seen() && queues_seen.size() - before < 1000)
        co_await cohort::sleep_for(10ms);
    auto const seen = queues_seen.size() - before;
    *goes_on = false;
    bool const has_ended = co_await job.wait(1h);
    CHECK(has_ended);
    co_return static_cast<int>(seen);
}

awaitable<void> no_queue_starves(Rig& rig) {
    cohort::WorkerOptions options{.queues = {"rush", "calm"}, .weights = {9, 1}, .concurrency = 1};
    int const seen = co_await starts_before(rig, "calm", std::move(options));
    CHECK(seen <= 12);
}

awaitable<void> priorities_are_strict(Rig& rig) {
    cohort::WorkerOptions options{.queues = {"rush"}, .concurrency = 1};
    int const seen = co_await starts_before(rig, "rush", std::move(options));
    CHECK(seen >= 1000);
}

awaitable<void> no_queue_waits_for_an_empty_one(Rig& rig) {
    forget();
    rig.start<note>({.queues = {"high", "low"}, .weights = {1000, 1}});
    auto const job = co_await rig.client.enqueue_job<note>({.queue = "low"}, 1);
    auto const begun = rig.now();
    co_await job.result(1min);
    CHECK(rig.now() - begun < 100ms);
}

awaitable<void> delayed(Rig& rig) {
    forget();
    auto& first = rig.start<note_late, note_soon>();
    auto const late = co_await rig.client.enqueue_job<note_late>(1);
    auto const soon = co_await rig.client.enqueue_job<note_soon>(2);
    auto const sooner = co_await rig.client.enqueue_job<note_late>({.delay = 1s}, 3);
    auto const begun = rig.now();
    co_await soon.result(1min);
    CHECK(rig.now() - begun < 100ms);
    co_await sooner.result(1min);
    CHECK(rig.now() - begun >= 1s);
    CHECK(rig.now() - begun <= 1100ms);
    // Its worker ends, and another one comes.
    first.stop();
    co_await rig.stop();
    co_await cohort::sleep_for(2s);
    rig.start<note_late>();
    co_await late.result(1min);
    CHECK(rig.now() - begun >= 10s);
    CHECK(rig.now() - begun <= 10'100ms);
    CHECK(numbers_seen == std::vector{2, 3, 1});
    // The job's own options hold for its next call, and for no other job.
    auto const again = co_await rig.client.enqueue_job<note_late>(4);
    auto const record = co_await again.status();
    CHECK(record->due == record->created + 10s);
    CHECK(record->policy.timeout == 1min);
    auto const other = co_await soon.status();
    CHECK(other->due == other->created);
    CHECK(other->policy.timeout == 0s);
}

awaitable<void> limits(Rig& rig) {
    cohort::Policy policy;
    policy.timeout = 3s;
    cohort::Client client{rig.loop.executor(), rig.broker, {.policy = policy}};
    rig.start<endless, endless_by_default>();
    auto const took = [&](auto job) -> awaitable<cohort::Duration> {
        auto const begun = rig.now();
        auto const outcome = co_await job.outcome(10h);
        CHECK(outcome.reason == cohort::FailReason::timeout);
        co_return rig.now() - begun;
    };
    auto const by_client = co_await client.enqueue_job<endless_by_default>();
    auto const first = co_await took(by_client);
    CHECK(first >= 3s);
    CHECK(first < 3500ms);
    auto const by_job = co_await client.enqueue_job<endless>();
    auto const second = co_await took(by_job);
    CHECK(second >= 1h);
    CHECK(second < 1h + 1s);
    auto const by_call = co_await client.enqueue_job<endless>({.timeout = 500ms});
    auto const third = co_await took(by_call);
    CHECK(third >= 500ms);
    CHECK(third < 1s);
}

awaitable<void> at_once(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<note>(7);
    auto const record = co_await job.status();
    // The caller goes on before anybody has run it.
    CHECK(record->state == JobState::queued);
    CHECK(record->counters.attempt == 0);
    forget();
    rig.start<note>();
    auto const begun = rig.now();
    int const number = co_await job.result(1min);
    CHECK(number == 7);
    CHECK(rig.now() - begun < 100ms);
}

errc refused(cohort::WorkerOptions options) {
    try {
        cohort::Worker const worker{cohort::memory::open(cohort::parse_url("memory:")), std::move(options)};
    } catch (cohort::Error const& error) {
        return error.which();
    }
    return errc::ok;
}

}  // namespace

TEST_CASE("a worker takes jobs of its own queues and of no others", "[I12][I13]") {
    Rig rig;
    rig.run(each_its_own(rig));
}

TEST_CASE("with one worker and one slot ten thousand jobs end in the order in which they were enqueued",
          "[I14][A03]") {
    Rig rig;
    rig.run(first_in_first_out(rig));
}

TEST_CASE("queues with weights get their shares", "[I29]") {
    auto const concurrency = GENERATE(1u, 8u);
    Rig rig;
    rig.run(weighted(rig, concurrency));
}

TEST_CASE("a queue of weight 1 beside one of 9 has its turn within ten, however much the other is given",
          "[F87][I29]") {
    Rig rig;
    rig.run(no_queue_starves(rig));
}

TEST_CASE("within a queue priorities are strict: a low one waits for as long as there are higher ones",
          "[F87]") {
    Rig rig;
    rig.run(priorities_are_strict(rig));
}

TEST_CASE("a queue of little weight does not wait for one that is empty", "[I29]") {
    Rig rig;
    rig.run(no_queue_waits_for_an_empty_one(rig));
}

TEST_CASE("weights that do not fit are refused", "[I29]") {
    CHECK(refused({.queues = {"a", "b"}, .weights = {1}}) == errc::invalid_config);
    CHECK(refused({.queues = {"a", "b"}, .weights = {1, 0}}) == errc::invalid_config);
    CHECK(refused({.queues = {"a", "b"}, .weights = {1, 1001}}) == errc::invalid_config);
    CHECK(refused({.queues = {"a", "b"}, .weights = {1, 1000}}) == errc::ok);
}

TEST_CASE("a delay is kept to a tenth of a second, also by the next worker, and holds for its job alone",
          "[S14][S18]") {
    Rig rig;
    rig.run(delayed(rig));
}

TEST_CASE("a call's time limit wins over the job's, and that over the client's", "[S09][S16][I18]") {
    Rig rig;
    rig.run(limits(rig));
}

TEST_CASE("a call returns before its job runs, and without a delay it starts at once", "[S02][S19]") {
    Rig rig;
    rig.run(at_once(rig));
}

}  // namespace order_test
