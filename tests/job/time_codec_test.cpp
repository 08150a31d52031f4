// SPDX-License-Identifier: MIT
// Points in time: their text, and what of it each type can hold.
#include "context.hpp"
#include "job/iso_time.hpp"

#include <cohort/codec.hpp>
#include <cohort/time.hpp>

#include <catch2/catch.hpp>

namespace time_codec_test {

using namespace cohort;
using namespace std::chrono;

namespace {

template<class T>
std::string wire(T const& value) {
    std::string const text = encode(value);
    CHECK(decode<T>(text) == value);
    return text;
}

template<class T>
std::string misfit(std::string_view text) {
    return support::error_of([&] { decode<T>(text); });
}

}  // namespace

TEST_CASE("a point in time is ISO 8601 in UTC", "[I15]") {
    auto const noon = sys_days{2026y / January / 31} + 12h;
    CHECK(wire(sys_time<hours>{noon}) == "\"2026-01-31T12:00:00Z\"");
    CHECK(wire(sys_time<milliseconds>{noon + 125ms}) == "\"2026-01-31T12:00:00.125Z\"");
    CHECK(wire(sys_time<nanoseconds>{noon + 1ns}) == "\"2026-01-31T12:00:00.000000001Z\"");
    CHECK(wire(sys_days{2024y / February / 29}) == "\"2024-02-29T00:00:00Z\"");
    CHECK(wire(sys_seconds{-1s}) == "\"1969-12-31T23:59:59Z\"");
    CHECK(wire(Instant{-1us}) == "\"1969-12-31T23:59:59.999999Z\"");
}

TEST_CASE("the ends of each clock travel too", "[I15]") {
    CHECK(wire(never) == "\"+294247-01-10T04:00:54.775807Z\"");
    CHECK(wire(Instant::min()) == "\"-290308-12-21T19:59:05.224192Z\"");
    CHECK(wire(sys_time<nanoseconds>::max()) == "\"2262-04-11T23:47:16.854775807Z\"");
    CHECK(wire(sys_time<nanoseconds>::min()) == "\"1677-09-21T00:12:43.145224192Z\"");
    CHECK(support::error_of([] { encode(sys_seconds::max()); }).starts_with("not_representable: value: "));
    CHECK(
        support::error_of([] { encode(sys_time<hours>::min()); }).starts_with("not_representable: value: "));
}

TEST_CASE("other spellings of a time are understood") {
    auto const expected = sys_seconds{sys_days{2026y / January / 31} + 8h + 30min};
    for (auto const* text :
         {"2026-01-31T08:30:00Z", "2026-01-31T08:30Z", "2026-01-31t08:30:00.000z",
          "2026-01-31 08:30:00+00:00", "2026-01-31T10:30:00+02:00", "2026-01-31T03:00-0530"}) {
        CAPTURE(text);
        CHECK(decode<sys_seconds>('"' + std::string{text} + '"') == expected);
    }
    CHECK(decode<sys_days>("\"2026-01-31\"") == sys_days{2026y / January / 31});
}

TEST_CASE("what is no time is refused") {
    for (auto const* text : {"",
                             "2026",
                             "2026-1-31",
                             "2026-02-29T00:00:00Z",
                             "2026-13-01",
                             "2026-00-01",
                             "2026-01-31T",
                             "2026-01-31T08Z",
                             "2026-01-31T08:30:00",
                             "2026-01-31T24:00:00Z",
                             "2026-01-31T08:60:00Z",
                             "2026-01-31T08:30:60Z",
                             "2026-01-31T08:30:00.Z",
                             "2026-01-31T08:30:00.1234567890Z",
                             "2026-01-31T08:30:00Z ",
                             " 2026-01-31",
                             "-0000-01-01",
                             "+999999999-01-01",
                             "2026-01-31T08:30:00+24:00",
                             "2026-01-31T08:30:00+1",
                             "now"}) {
        CAPTURE(text);
        CHECK_FALSE(detail::parse_iso_time(text));
    }
    CHECK(misfit<Instant>("1") ==
          "argument_type: value: expected a time like \"2026-01-31T08:30:00Z\", got integer 1");
}

TEST_CASE("a time that its type cannot hold is refused, not rounded") {
    CHECK(misfit<sys_seconds>("\"2026-01-31T08:30:00.5Z\"") ==
          "argument_type: value: a finer point in time than its type can hold");
    CHECK(misfit<sys_days>("\"2026-01-31T08:30:00Z\"").starts_with("argument_type: value: a finer point"));
    CHECK(misfit<Instant>("\"2026-01-31T08:30:00.0000001Z\"")
              .starts_with("argument_type: value: a finer point"));
    CHECK(misfit<sys_time<nanoseconds>>("\"2262-04-11T23:47:16.854775808Z\"") ==
          "argument_range: value: a point in time that its type cannot hold");
    CHECK(
        misfit<sys_time<nanoseconds>>("\"1677-09-21T00:12:43.145224191Z\"").starts_with("argument_range: "));
    CHECK(misfit<sys_time<nanoseconds>>("\"+200000-01-01\"").starts_with("argument_range: "));
}

}  // namespace time_codec_test
