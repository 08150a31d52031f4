// SPDX-License-Identifier: MIT
// Who may report the end of a run: the owner of its token, and nobody else.
#include "records.hpp"

#include <catch2/catch.hpp>

using namespace cohort;

TEST_CASE("whatever a lost run still reports is fenced", "[T9][T10]") {
    for (std::uint32_t max_lost : {0U, 3U}) {
        for (SettleKind kind : all_kinds) {
            NewJob fragile = job();
            fragile.policy.max_lost = max_lost;
            JobRecord record = make_record(fragile, start);
            claim(record, ours, start);
            lose(record, start + 1s);
            JobRecord const before = record;
            CAPTURE(to_string(kind), max_lost);
            CHECK(settle(record, report(kind), start + 2s) == Verdict::fenced);
            CHECK(record == before);
        }
    }
}

TEST_CASE("what an earlier generation reports is fenced", "[T15]") {
    for (SettleKind kind : all_kinds) {
        JobRecord record = running(0);
        REQUIRE(settle(record, report(SettleKind::failed), start + 2s) == Verdict::accepted);
        REQUIRE(requeue(record, start + 3s));
        JobRecord const before = record;
        CHECK(settle(record, report(kind), start + 4s) == Verdict::fenced);
        CHECK(record == before);
    }
}

TEST_CASE("a note changes nothing but the note", "[T4]") {
    JobRecord record = running();
    JobRecord expected = record;
    expected.note = "half";
    CHECK(settle(record, report(SettleKind::note), start + 2s) == Verdict::accepted);
    CHECK(record == expected);

    REQUIRE(settle(record, report(SettleKind::succeeded), start + 3s) == Verdict::accepted);
    CHECK(settle(record, report(SettleKind::note), start + 4s) == Verdict::fenced);
}

TEST_CASE("a stale token changes nothing, in any state", "[fencing]") {
    for (JobState state : all_states) {
        for (SettleKind kind : all_kinds) {
            JobRecord record = running();
            record.state = state;
            JobRecord const before = record;
            CAPTURE(to_string(state), to_string(kind));
            CHECK(settle(record, report(kind, theirs), start + 9s) == Verdict::fenced);
            Token const elsewhere{"ffffffffffffffffffffffffffffffff", ours.claim};
            CHECK(settle(record, report(kind, elsewhere), start + 9s) == Verdict::fenced);
            CHECK(record == before);
        }
    }
}

TEST_CASE("the same report twice is accepted and changes nothing", "[fencing]") {
    for (bool cancelling : {false, true}) {
        for (SettleKind kind : all_kinds) {
            JobRecord record = running();
            if (cancelling) cancel(record, start);
            REQUIRE(settle(record, report(kind), start + 2s) == Verdict::accepted);
            JobRecord const before = record;
            CAPTURE(to_string(kind), cancelling);
            CHECK(settle(record, report(kind), start + 9s) == Verdict::accepted);
            CHECK(record == before);
        }
    }
    JobRecord used_up = running(0);
    REQUIRE(settle(used_up, report(SettleKind::retry), start + 2s) == Verdict::accepted);
    CHECK(settle(used_up, report(SettleKind::retry), start + 3s) == Verdict::accepted);
    CHECK(used_up.counters.failures == 1);
}

TEST_CASE("a repeated retry is recognised after the job has fallen due, a repeat of another kind is not",
          "[fencing]") {
    JobRecord record = running();
    REQUIRE(settle(record, report(SettleKind::retry), start + 2s) == Verdict::accepted);
    REQUIRE(fall_due(record, start + 7s));
    CHECK(settle(record, report(SettleKind::retry), start + 8s) == Verdict::accepted);
    CHECK(settle(record, report(SettleKind::succeeded), start + 8s) == Verdict::fenced);
    CHECK(record.state == JobState::queued);

    JobRecord released = running();
    REQUIRE(settle(released, report(SettleKind::released), start + 2s) == Verdict::accepted);
    CHECK(settle(released, report(SettleKind::retry), start + 3s) == Verdict::fenced);

    JobRecord done = running();
    REQUIRE(settle(done, report(SettleKind::succeeded), start + 2s) == Verdict::accepted);
    CHECK(settle(done, report(SettleKind::failed), start + 3s) == Verdict::fenced);
    CHECK(done.state == JobState::succeeded);
}

TEST_CASE("reports and verdicts have names") {
    CHECK(to_string(SettleKind::released) == "released");
    CHECK(to_string(SettleKind::note) == "note");
    CHECK(to_string(Verdict::accepted) == "accepted");
    CHECK(to_string(Verdict::fenced) == "fenced");
    CHECK(to_string(Verdict::gone) == "gone");
}
