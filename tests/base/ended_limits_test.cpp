// SPDX-License-Identifier: MIT
// How much of ended jobs is kept, as a URL says it.
#include "base/ended_limits.hpp"

#include <cohort/error.hpp>

#include <catch2/catch.hpp>

namespace ended_limits_test {

using namespace cohort;

namespace {

EndedLimits read(std::string const& parameters) {
    return read_ended_limits(parse_url("sqlite:jobs.db?" + parameters));
}

std::string refusal(std::string const& parameters) {
    try {
        read(parameters);
    } catch (Error const& error) {
        CHECK(error.which() == errc::invalid_url);
        return error.detail();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("without parameters a queue keeps a million ended jobs, and a gigabyte of them", "[K09]") {
    EndedLimits const usual = read("namespace=a");
    CHECK(usual.jobs == 1'000'000);
    CHECK(usual.bytes == 1'073'741'824);
}

TEST_CASE("limits of ended jobs are numbers, with a unit for bytes, or none", "[K09]") {
    CHECK(read("max_ended=1").jobs == 1);
    CHECK(read("max_ended=100000").jobs == 100'000);
    CHECK(read("max_ended=none").jobs == EndedLimits::none);
    CHECK(read("max_ended_bytes=1").bytes == 1);
    CHECK(read("max_ended_bytes=64KiB").bytes == 65'536);
    CHECK(read("max_ended_bytes=256MiB").bytes == 268'435'456);
    CHECK(read("max_ended_bytes=2GiB").bytes == 2'147'483'648);
    CHECK(read("max_ended_bytes=8192TiB").bytes == EndedLimits::none);
    CHECK(read("max_ended_bytes=none").bytes == EndedLimits::none);
    CHECK(read("max_ended=5&max_ended_bytes=7MiB").jobs == 5);
}

TEST_CASE("limits of ended jobs that are none are refused, with what may be written", "[B35]") {
    CHECK(refusal("max_ended=0") ==
          "parameter \"max_ended\": \"0\" is not a number of jobs; write 100000, or none "
          "for no limit; in \"sqlite:jobs.db?max_ended=0\"");
    CHECK(refusal("max_ended_bytes=256M") == "parameter \"max_ended_bytes\": \"256M\" is not a number of "
                                             "bytes; write 65536, 64KiB, 256MiB or 2GiB, or "
                                             "none for no limit; in \"sqlite:jobs.db?max_ended_bytes=256M\"");
    for (char const* wrong :
         {"max_ended=", "max_ended=-5", "max_ended=+5", "max_ended=1e6", "max_ended=10KiB",
          "max_ended=unlimited", "max_ended=9007199254740993", "max_ended=99999999999999999999",
          "max_ended_bytes=", "max_ended_bytes=0", "max_ended_bytes=0MiB", "max_ended_bytes=-1KiB",
          "max_ended_bytes=1.5GiB", "max_ended_bytes=1%20GiB", "max_ended_bytes=1gib", "max_ended_bytes=MiB",
          "max_ended_bytes=8193TiB"}) {
        CAPTURE(wrong);
        CHECK(refusal(wrong).find(" is not a number of ") != std::string::npos);
    }
}

TEST_CASE("either limit alone is exceeded by one more than it", "[K09]") {
    EndedLimits const limits{.jobs = 10, .bytes = 100};
    CHECK_FALSE(limits.are_exceeded(10, 100));
    CHECK(limits.are_exceeded(11, 0));
    CHECK(limits.are_exceeded(0, 101));
}

}  // namespace ended_limits_test
