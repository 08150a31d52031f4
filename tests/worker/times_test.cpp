// SPDX-License-Identifier: MIT
// What is known of the time that jobs take, exactly, since the clock is virtual.
#include "worker/rig.hpp"

#include <cohort/inspector.hpp>
#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace times_test {

using cohort::awaitable;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

awaitable<void> three_seconds() {
    co_await cohort::sleep_for(3s);
}
COHORT_JOB(three_seconds);

awaitable<void> in_steps(cohort::Context& context) {
    context.note("half");
    co_await cohort::sleep_for(10s);
    context.note("nearly");
    co_await cohort::sleep_for(10s);
}
COHORT_JOB(in_steps);

class CapturedLog {
public:
    CapturedLog() {
        cohort::set_log_sink([this](cohort::LogLevel, std::string_view line) { lines.emplace_back(line); });
        cohort::set_log_level(cohort::LogLevel::info);
    }
    ~CapturedLog() {
        cohort::set_log_level(cohort::LogLevel::warn);
        cohort::set_log_sink({});
    }
    CapturedLog(CapturedLog const&) = delete;
    CapturedLog& operator=(CapturedLog const&) = delete;

    std::vector<std::string> lines;
};

namespace {

awaitable<void> exact(Rig& rig) {
    CapturedLog log;
    auto const job = co_await rig.client.enqueue_job<three_seconds>();
    co_await cohort::sleep_for(2s);
    auto& worker = rig.start<three_seconds>();
    co_await job.result(1min);

    auto const record = co_await job.status();
    CHECK(*record->started - record->created == 2s);
    CHECK(*record->finished - *record->started == 3s);
    CHECK(*record->finished - record->created == 5s);
    CHECK(worker.stats().waited == 2s);
    CHECK(worker.stats().ran == 3s);
    bool const told = std::any_of(log.lines.begin(), log.lines.end(), [&](std::string const& line) {
        return line.find(job.id()) != std::string::npos &&
               line.find("succeeded, waited 2s, ran 3s") != std::string::npos;
    });
    CHECK(told);
}

awaitable<void> forward_only(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<in_steps>({.delay = 5s});
    std::vector<JobState> seen;
    std::vector<std::string> notes;
    for (int i = 0; i < 40; ++i) {
        auto const record = co_await job.status();
        if (seen.empty() || seen.back() != record->state) seen.push_back(record->state);
        if (notes.empty() || notes.back() != record->note) notes.push_back(record->note);
        if (i == 10) rig.start<in_steps>();
        co_await cohort::sleep_for(1s);
    }
    // Due, but noticed by nobody while there is no worker.
    std::erase(seen, JobState::queued);
    CHECK(seen == std::vector{JobState::scheduled, JobState::running, JobState::succeeded});
    CHECK(notes == std::vector<std::string>{"", "half", "nearly"});
    auto const record = co_await job.status();
    CHECK(record->created + 5s == record->due);
    CHECK(*record->started >= record->due);
    CHECK(*record->finished == *record->started + 20s);
    auto const unknown = rig.client.find({"default", "nobody"});
    auto const nothing = co_await unknown.status();
    CHECK_FALSE(nothing.has_value());
}

// The broker's clock shows 2001, this machine's does not: what a client computed by its own would be decades
// wrong.
awaitable<void> by_the_brokers_clock(Rig& rig) {
    REQUIRE(cohort::system_clock().now() - rig.now() > 24h * 365);
    auto const delayed = co_await rig.client.enqueue_job<three_seconds>({.delay = 10s, .keep_result = 30s});
    auto const expiring = co_await rig.client.enqueue_job<three_seconds>({.expires = 5s});
    auto const record = co_await delayed.status();
    CHECK(record->created == rig.now());
    CHECK(record->due == rig.now() + 10s);
    co_await cohort::sleep_for(6s);
    rig.start<three_seconds>({.upkeep = 1s});
    auto const late = co_await expiring.outcome(1min);
    CHECK(late.state == JobState::expired);
    co_await delayed.result(1min);
    auto const done = co_await delayed.status();
    CHECK(*done->started == record->due);
    co_await cohort::sleep_for(29s);
    auto const kept = co_await delayed.status();
    CHECK(kept.has_value());
    co_await cohort::sleep_for(3s);
    auto const gone = co_await delayed.status();
    CHECK_FALSE(gone.has_value());
}

}  // namespace

TEST_CASE("queue time, run time and their sum are exact in status, figures and log", "[I24]") {
    Rig rig;
    rig.run(exact(rig));
}

TEST_CASE("a job's status goes forward only, and its notes are read while it runs", "[I26]") {
    Rig rig;
    rig.run(forward_only(rig));
}

TEST_CASE("delays, expiry and retention go by the broker's clock, not by the client's", "[I32]") {
    Rig rig;
    rig.run(by_the_brokers_clock(rig));
}

}  // namespace times_test
