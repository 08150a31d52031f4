// SPDX-License-Identifier: MIT
// The spellings of states, reasons, addresses and tokens.
#include <cohort/record.hpp>

#include <catch2/catch.hpp>

#include <unordered_set>

using namespace cohort;

TEST_CASE("states and reasons are read as they are written") {
    for (JobState state : all_states) {
        CHECK(parse_state(to_string(state)) == state);
    }
    for (int value = 0; value <= static_cast<int>(FailReason::corrupt_state); ++value) {
        auto const reason = static_cast<FailReason>(value);
        CHECK(to_string(reason) != "unknown");
        CHECK(parse_reason(to_string(reason)) == reason);
    }
    CHECK_FALSE(parse_state("Queued"));
    CHECK_FALSE(parse_state(""));
    CHECK_FALSE(parse_reason("unknown"));
}

TEST_CASE("four states are terminal") {
    int terminal = 0;
    for (JobState state : all_states) {
        terminal += is_terminal(state) ? 1 : 0;
    }
    CHECK(terminal == 4);
    CHECK_FALSE(is_terminal(JobState::retrying));
}

TEST_CASE("a job's address is queue/id") {
    JobRef const ref{"mail", "01ARYZ6S41"};
    CHECK(to_string(ref) == "mail/01ARYZ6S41");
    CHECK(parse_ref("mail/01ARYZ6S41") == ref);
    for (std::string_view const bad : {"", "/", "mail", "mail/", "/id"}) {
        CHECK_FALSE(parse_ref(bad));
    }
}

TEST_CASE("addresses can be keys") {
    std::unordered_set<JobRef, JobRefHash> refs;
    for (int i = 0; i < 1000; ++i) {
        refs.insert({"q", std::to_string(i)});
        refs.insert({std::to_string(i), "q"});
    }
    CHECK(refs.size() == 2000);
    CHECK(refs.contains(JobRef{"q", "7"}));
    CHECK(JobRefHash{}({"a", "b"}) != JobRefHash{}({"b", "a"}));
}

TEST_CASE("a token is written as incarnation and claim") {
    CHECK(to_string(Token{"00ff", 18446744073709551615U}) == "00ff:18446744073709551615");
}
