// SPDX-License-Identifier: MIT
// What each transition does to a record.
#include "records.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace cohort;

TEST_CASE("a new job is queued at once or scheduled for later", "[T1]") {
    JobRecord const now = make_record(job(), start);
    CHECK(now.state == JobState::queued);
    CHECK(now.created == start);
    CHECK(now.due == start);
    CHECK(now.expires == never);
    CHECK(now.ref == JobRef{"mail", "1"});
    CHECK(now.arguments == "[1]");
    CHECK(now.unique == "key");
    CHECK_FALSE(now.token);
    CHECK(now.counters == Counters{});

    NewJob delayed = job();
    delayed.delay = 10s;
    delayed.expires = 1min;
    JobRecord const later = make_record(delayed, start);
    CHECK(later.state == JobState::scheduled);
    CHECK(later.due == start + 10s);
    CHECK(later.expires == start + 1min);
}

TEST_CASE("a point in time wins over a delay, and one in the past means at once", "[T1][B25]") {
    NewJob both = job();
    both.delay = 10s;
    both.eta = start + 1h;
    CHECK(make_record(both, start).due == start + 1h);

    both.eta = start - 1h;
    CHECK(make_record(both, start).state == JobState::queued);
}

TEST_CASE("times beyond the end of time saturate", "[T1][B24][B25]") {
    NewJob far = job();
    far.delay = Duration::max();
    far.expires = Duration::max();
    far.policy.keep_error = Duration::max();
    JobRecord record = make_record(far, start);
    CHECK(record.due == never);
    CHECK(record.expires == never);
    CHECK(record.state == JobState::scheduled);
    REQUIRE(cancel(record, start));
    CHECK(forget_at(record) == never);

    JobRecord tried = running();
    Settlement retry = report(SettleKind::retry);
    retry.delay = Duration::max();
    CHECK(settle(tried, retry, start) == Verdict::accepted);
    CHECK(tried.due == never);
    CHECK_FALSE(fall_due(tried, never - 1us));
}

TEST_CASE("nothing falls due before its time", "[T2]") {
    NewJob delayed = job();
    delayed.delay = 10s;
    JobRecord record = make_record(delayed, start);
    CHECK_FALSE(fall_due(record, start + 10s - 1us));
    CHECK(record.state == JobState::scheduled);
    CHECK(fall_due(record, start + 10s));
    CHECK(record.state == JobState::queued);
    CHECK_FALSE(fall_due(record, start + 11s));
}

TEST_CASE("a claim begins a run", "[T3]") {
    JobRecord const record = running();
    CHECK(record.state == JobState::running);
    CHECK(record.counters.attempt == 1);
    CHECK(record.started == start + 1s);
    CHECK(record.token == ours);
    CHECK_FALSE(record.finished);
}

TEST_CASE("a success stores its result and forgets earlier failures", "[T5]") {
    JobRecord record = running();
    REQUIRE(settle(record, report(SettleKind::retry), start + 2s) == Verdict::accepted);
    REQUIRE(fall_due(record, start + 7s));
    claim(record, theirs, start + 8s);
    CHECK(settle(record, report(SettleKind::succeeded, theirs), start + 9s) == Verdict::accepted);

    CHECK(record.state == JobState::succeeded);
    CHECK(record.result == "42");
    CHECK(record.error.empty());
    CHECK(record.reason == FailReason::none);
    CHECK(record.finished == start + 9s);
    CHECK(record.counters == Counters{.attempt = 2, .failures = 1});
}

TEST_CASE("a failure waits for its next run while there are retries, then ends the job", "[T6][T7]") {
    JobRecord record = running(1);
    CHECK(settle(record, report(SettleKind::retry), start + 2s) == Verdict::accepted);
    CHECK(record.state == JobState::retrying);
    CHECK(record.due == start + 7s);
    CHECK(record.counters == Counters{.attempt = 1, .failures = 1});
    CHECK(record.reason == FailReason::exception);
    CHECK(record.error == "boom");
    CHECK_FALSE(record.finished);

    REQUIRE(fall_due(record, start + 7s));
    claim(record, theirs, start + 8s);
    CHECK(settle(record, report(SettleKind::retry, theirs), start + 9s) == Verdict::accepted);
    CHECK(record.state == JobState::failed);
    CHECK(record.counters == Counters{.attempt = 2, .failures = 2});
    CHECK(record.finished == start + 9s);
}

TEST_CASE("only exceptions and timeouts count as failures of the job", "[T7]") {
    for (FailReason reason : {FailReason::exception, FailReason::timeout}) {
        JobRecord record = running();
        Settlement failed = report(SettleKind::failed);
        failed.reason = reason;
        CHECK(settle(record, failed, start) == Verdict::accepted);
        CHECK(record.counters.failures == 1);
        CHECK(record.reason == reason);
    }
    for (FailReason reason : {FailReason::bad_payload, FailReason::unknown_job, FailReason::bad_result}) {
        JobRecord record = running();
        Settlement failed = report(SettleKind::failed);
        failed.reason = reason;
        CHECK(settle(record, failed, start) == Verdict::accepted);
        CHECK(record.counters.failures == 0);
        CHECK(record.state == JobState::failed);
    }
}

TEST_CASE("a negative pause means at once", "[T6][B25]") {
    JobRecord record = running();
    Settlement retry = report(SettleKind::retry);
    retry.delay = Duration::min();
    CHECK(settle(record, retry, start + 2s) == Verdict::accepted);
    CHECK(record.due == start + 2s);
    CHECK(fall_due(record, start + 2s));
}

TEST_CASE("a released job keeps its place and its chances", "[T8]") {
    JobRecord record = running();
    CHECK(settle(record, report(SettleKind::released), start + 2s) == Verdict::accepted);
    CHECK(record.state == JobState::queued);
    CHECK(record.due == start);
    CHECK(record.counters == Counters{.attempt = 1, .released = 1});

    claim(record, theirs, start + 3s);
    Settlement away = report(SettleKind::released, theirs);
    away.delay = 1min;
    CHECK(settle(record, away, start + 4s) == Verdict::accepted);
    CHECK(record.state == JobState::scheduled);
    CHECK(record.due == start + 64s);
    CHECK(record.counters == Counters{.attempt = 2, .released = 2});
}

TEST_CASE("a job survives as many lost workers as it may, ever more slowly", "[T9][T10]") {
    NewJob fragile = job();
    fragile.policy.max_lost = 2;
    JobRecord record = make_record(fragile, start);
    Instant now = start;
    for (std::uint32_t lost = 1; lost <= 2; ++lost) {
        claim(record, ours, now);
        lose(record, now);
        CHECK(record.counters.lost == lost);
        CHECK(record.counters.failures == 0);
        if (lost == 1) {
            CHECK(record.state == JobState::queued);
            CHECK(record.due == start);  // its old place
            now += 1s;
            continue;
        }
        CHECK(record.state == JobState::retrying);
        CHECK(record.due == now + pause_after_loss(lost));
        now = record.due;
        REQUIRE(fall_due(record, now));
    }
    claim(record, ours, now);
    lose(record, now);
    CHECK(record.state == JobState::failed);
    CHECK(record.reason == FailReason::worker_lost);
    CHECK(record.error == "its worker was lost 3 times; the limit is max_lost = 2");
    CHECK(record.counters == Counters{.attempt = 3, .lost = 3});
    CHECK(record.finished == now);
}

TEST_CASE("a job that may not be lost dies with its first worker", "[T10]") {
    NewJob once = job();
    once.policy.max_lost = 0;
    JobRecord record = make_record(once, start);
    claim(record, ours, start);
    lose(record, start + 1s);
    CHECK(record.state == JobState::failed);
    CHECK(record.error == "its worker was lost once; the limit is max_lost = 0");
}

TEST_CASE("a waiting job is cancelled at once, a running one when its worker stops", "[T11][T12][T13]") {
    JobRecord waiting = make_record(job(), start);
    CHECK(cancel(waiting, start + 1s));
    CHECK(waiting.state == JobState::cancelled);
    CHECK(waiting.finished == start + 1s);
    CHECK_FALSE(cancel(waiting, start + 2s));
    CHECK(waiting.finished == start + 1s);

    JobRecord record = running();
    CHECK(cancel(record, start + 2s));
    CHECK(record.state == JobState::running);
    CHECK(record.cancel_requested);
    CHECK(settle(record, report(SettleKind::cancelled), start + 3s) == Verdict::accepted);
    CHECK(record.state == JobState::cancelled);
    CHECK_FALSE(record.cancel_requested);
}

TEST_CASE("a job that is to be cancelled never runs again", "[T11]") {
    auto const requested = [] {
        JobRecord record = running();
        cancel(record, start + 2s);
        return record;
    };
    JobRecord retried = requested();
    CHECK(settle(retried, report(SettleKind::retry), start + 3s) == Verdict::accepted);
    CHECK(retried.state == JobState::cancelled);
    CHECK(retried.error == "boom");

    JobRecord released = requested();
    CHECK(settle(released, report(SettleKind::released), start + 3s) == Verdict::accepted);
    CHECK(released.state == JobState::cancelled);

    JobRecord lost = requested();
    lose(lost, start + 3s);
    CHECK(lost.state == JobState::cancelled);
    CHECK(lost.counters.lost == 0);
}

TEST_CASE("a job that is done before its cancellation arrives has succeeded", "[T5][T13]") {
    JobRecord record = running();
    cancel(record, start + 2s);
    CHECK(settle(record, report(SettleKind::succeeded), start + 3s) == Verdict::accepted);
    CHECK(record.state == JobState::succeeded);
    CHECK_FALSE(cancel(record, start + 4s));
}

TEST_CASE("a job expires only after its time, and only if it has not started", "[T14]") {
    NewJob late = job();
    late.expires = 1min;
    JobRecord record = make_record(late, start);
    JobRecord started = record;
    CHECK_FALSE(expire(record, start + 1min));
    CHECK(expire(record, start + 1min + 1us));
    CHECK(record.state == JobState::expired);
    CHECK(record.finished == start + 1min + 1us);

    claim(started, ours, start + 30s);
    CHECK_FALSE(expire(started, start + 2min));
    REQUIRE(settle(started, report(SettleKind::retry), start + 2min) == Verdict::accepted);
    REQUIRE(fall_due(started, start + 3min));
    CHECK_FALSE(expire(started, start + 3min));
    CHECK(started.state == JobState::queued);
}

TEST_CASE("an operator sends a job back as if it were new", "[T15]") {
    JobRecord record = running(0);
    REQUIRE(settle(record, report(SettleKind::note), start + 2s) == Verdict::accepted);
    REQUIRE(settle(record, report(SettleKind::retry), start + 2s) == Verdict::accepted);
    REQUIRE(record.state == JobState::failed);
    CHECK(requeue(record, start + 1h));

    JobRecord fresh = make_record(job(0), start);
    fresh.generation = 1;
    fresh.due = start + 1h;
    CHECK(record == fresh);
}

TEST_CASE("only what failed, was cancelled or expired can be sent back", "[T15]") {
    for (JobState state : all_states) {
        JobRecord record = make_record(job(), start);
        record.state = state;
        bool const may =
            state == JobState::failed || state == JobState::cancelled || state == JobState::expired;
        CAPTURE(to_string(state));
        CHECK(requeue(record, start) == may);
        CHECK(record.state == (may ? JobState::queued : state));
    }
}

TEST_CASE("a record is forgotten when its retention has ended", "[T16]") {
    JobRecord record = running();
    CHECK(forget_at(record) == never);
    record.policy.keep_result = 1h;
    record.policy.keep_error = 2h;
    record.finished = start;

    record.state = JobState::succeeded;
    CHECK(forget_at(record) == start + 1h);
    for (JobState state : {JobState::failed, JobState::cancelled, JobState::expired}) {
        record.state = state;
        CHECK(forget_at(record) == start + 2h);
    }
    record.policy.keep_error = 0s;
    CHECK(forget_at(record) == start);
}

TEST_CASE("counters stop at their end", "[B24]") {
    JobRecord record = make_record(job(), start);
    record.counters.attempt = std::numeric_limits<std::uint32_t>::max();
    claim(record, ours, start);
    CHECK(record.counters.attempt == std::numeric_limits<std::uint32_t>::max());
}
