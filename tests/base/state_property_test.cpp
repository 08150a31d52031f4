// SPDX-License-Identifier: MIT
// Random lives of jobs, step by step: whatever happens, the invariants hold and only legal transitions occur.
#include "support/slowness.hpp"

#include <cohort/state.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace cohort;

namespace {

// One job, all that may be done to it in random order, and the tokens that it has seen.
class Life {
public:
    explicit Life(std::uint64_t seed) : random_{seed} {
        NewJob job;
        job.ref = {"q", std::to_string(seed)};
        job.policy.max_retries = pick(4);
        job.policy.max_lost = pick(3);
        if (pick(2) == 0) job.delay = seconds();
        if (pick(2) == 0) job.expires = seconds();
        record = make_record(job, now_);
    }

    void step() {
        now_ += seconds();
        switch (pick(8)) {
        case 0:
            fall_due(record, now_);
            break;
        case 1:
        case 2:
            if (!is_legal(record.state, Event::claim) || record.due > now_ || record.expires < now_) break;
            claim(record, Token{"incarnation", ++claims_}, now_);
            ++starts_;
            break;
        case 3:
        case 4:
            report();
            break;
        case 5:
            if (record.state == JobState::running) lose(record, now_);
            break;
        case 6:
            if (pick(4) == 0) cancel(record, now_);
            if (pick(2) == 0) expire(record, now_);
            break;
        default:
            if (pick(4) == 0 && requeue(record, now_)) starts_ = 0;
            break;
        }
    }

    // Runs begun since the last requeue.
    std::uint32_t starts() const { return starts_; }

    JobRecord record;

private:
    std::uint32_t pick(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
    Duration seconds() { return Duration{1s} * pick(20); }

    void report() {
        Settlement settlement;
        settlement.kind = static_cast<SettleKind>(pick(6));
        settlement.token = Token{"incarnation", std::max<std::uint64_t>(claims_, 1)};
        if (pick(4) == 0) settlement.token.claim = pick(static_cast<std::uint32_t>(claims_) + 1);
        settlement.reason = FailReason::exception;
        settlement.delay = seconds();
        settlement.result = "1";
        if (settlement.kind != SettleKind::succeeded && settlement.kind != SettleKind::note)
            settlement.result.clear();
        JobRecord const before = record;
        bool const stale = record.token != settlement.token;
        Verdict const verdict = settle(record, settlement, now_);
        if (stale) REQUIRE(verdict == Verdict::fenced);
        if (verdict != Verdict::accepted) REQUIRE(record == before);
        if (before.state == JobState::running && !stale) REQUIRE(verdict == Verdict::accepted);

        JobRecord const after = record;
        if (verdict == Verdict::accepted) {
            REQUIRE(settle(record, settlement, now_ + 1s) == Verdict::accepted);
            REQUIRE(record == after);
        }
    }

    std::mt19937_64 random_;
    Instant now_{Duration{1'000'000'000}};
    std::uint64_t claims_ = 0;
    std::uint32_t starts_ = 0;
};

bool in_table(JobState from, JobState to) {
    return std::ranges::any_of(transitions(),
                               [&](Transition const& t) { return t.from == from && t.to == to; });
}

void check_one(JobRecord const& record) {
    bool const runs = record.state == JobState::running;
    if (runs) REQUIRE(record.token);
    if (record.cancel_requested) REQUIRE(runs);
    REQUIRE(record.finished.has_value() == is_terminal(record.state));
    REQUIRE(record.result.empty() == (record.state != JobState::succeeded));
    REQUIRE((forget_at(record) == never) == !is_terminal(record.state));
    if (record.state == JobState::failed) REQUIRE(record.reason != FailReason::none);
    if (record.state == JobState::succeeded) REQUIRE(record.reason == FailReason::none);
    if (record.counters.attempt > 0) REQUIRE(record.expires == never);

    Counters const& c = record.counters;
    REQUIRE(c.failures + c.lost + c.released <= c.attempt);
    REQUIRE(c.failures <= record.policy.max_retries + 1);
    REQUIRE(c.lost <= record.policy.max_lost + 1);
    REQUIRE(c.attempt <= 1 + record.policy.max_retries + record.policy.max_lost + c.released);
}

void check_pair(JobRecord const& before, JobRecord const& after) {
    bool const requeued = after.generation == before.generation + 1;
    if (before.state != after.state) {
        INFO(to_string(before.state) << " -> " << to_string(after.state));
        REQUIRE(in_table(before.state, after.state));
    }
    REQUIRE((requeued || after.generation == before.generation));
    if (requeued) {
        REQUIRE(after.counters == Counters{});
        return;
    }
    if (is_terminal(before.state)) REQUIRE(after == before);
    REQUIRE(after.counters.attempt >= before.counters.attempt);
    REQUIRE(after.counters.failures >= before.counters.failures);
    REQUIRE(after.counters.lost >= before.counters.lost);
    REQUIRE(after.counters.released >= before.counters.released);
    REQUIRE(after.created == before.created);
    REQUIRE(static_cast<JobSpec const&>(after) == static_cast<JobSpec const&>(before));
}

}  // namespace

TEST_CASE("no order of events breaks an invariant of a record", "[T1-T16][invariants]") {
    std::set<std::pair<JobState, JobState>> walked;
    for (std::uint64_t seed = 1; seed <= 2000 / support::slowness; ++seed) {
        CAPTURE(seed);
        Life life{seed};
        check_one(life.record);
        for (int i = 0; i < 60; ++i) {
            JobRecord const before = life.record;
            life.step();
            check_one(life.record);
            check_pair(before, life.record);
            REQUIRE(life.record.counters.attempt == life.starts());
            walked.emplace(before.state, life.record.state);
        }
    }

    // Every transition between two states has been walked: none stands in the table for nothing.
    for (Transition const& t : transitions()) {
        if (!t.from || !t.to) continue;
        CAPTURE(t.row, to_string(*t.from), to_string(*t.to));
        CHECK(walked.contains({*t.from, *t.to}));
    }
}
