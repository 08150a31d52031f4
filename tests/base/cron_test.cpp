// SPDX-License-Identifier: MIT
// What is read of a cron expression, and what is refused.
#include "base/cron.hpp"

#include <cohort/error.hpp>
#include <cohort/schedule.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <ctime>
#include <string>

namespace cron_test {

using namespace cohort;

std::string refusal(std::string_view text, errc code = errc::invalid_cron, std::string_view zone = "UTC") {
    try {
        cron(text, zone);
    } catch (Error const& error) {
        CHECK(error.which() == code);
        return error.detail();
    }
    return "accepted";
}

bool says_the_same(std::string_view a, std::string_view b) {
    return parse_cron(a).values == parse_cron(b).values && parse_cron(a).is_free == parse_cron(b).is_free;
}

TEST_CASE("a cron expression that is wrong is refused with the field, its value and what is allowed",
          "[B31][I28]") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"61 * * * *", R"(field 1 (minute) "61" not in 0..59, in "61 * * * *")"},
        {"* 24 * * *", R"(field 2 (hour) "24" not in 0..23, in "* 24 * * *")"},
        {"* * 0 * *", R"(field 3 (day of month) "0" not in 1..31, in "* * 0 * *")"},
        {"* * 32 * *", R"(field 3 (day of month) "32" not in 1..31, in "* * 32 * *")"},
        {"* * * 13 *", R"(field 4 (month) "13" not in 1..12 or jan..dec, in "* * * 13 *")"},
        {"* * * * 8", R"(field 5 (day of week) "8" not in 0..7 or sun..sat, in "* * * * 8")"},
        {"60 * * * * *", R"(field 1 (second) "60" not in 0..59, in "60 * * * * *")"},
        {"a b c d e", R"(field 1 (minute) "a" not in 0..59, in "a b c d e")"},
        {"* * * foo *", R"(field 4 (month) "foo" not in 1..12 or jan..dec, in "* * * foo *")"},
        {"* * * * f *", R"(field 5 (month) "f" not in 1..12 or jan..dec, in "* * * * f *")"},
        {"* * * * Monday", R"(field 5 (day of week) "Monday" not in 0..7 or sun..sat, in "* * * * Monday")"},
        {"-1 * * * *", R"(field 1 (minute) "-1" not in 0..59, in "-1 * * * *")"},
        {"+1 * * * *", R"(field 1 (minute) "+1" not in 0..59, in "+1 * * * *")"},
        {"1. * * * *", R"(field 1 (minute) "1." not in 0..59, in "1. * * * *")"},
        {"1-5000000000 * * * *", R"(field 1 (minute) "5000000000" not in 0..59, in "1-5000000000 * * * *")"},
        {"１ * * * *", R"(field 1 (minute) "１" not in 0..59, in "１ * * * *")"},
        {"*/0 * * * *", R"(field 1 (minute) "*/0": the step "0" not in 1..59, in "*/0 * * * *")"},
        {"*/60 * * * *", R"(field 1 (minute) "*/60": the step "60" not in 1..59, in "*/60 * * * *")"},
        {"*/ * * * *", R"(field 1 (minute) "*/": the step "" not in 1..59, in "*/ * * * *")"},
        {"1-5/x * * * *", R"(field 1 (minute) "1-5/x": the step "x" not in 1..59, in "1-5/x * * * *")"},
        {"5/15 * * * *",
         R"(field 1 (minute) "5/15": a step needs a range; write 5-59/15, in "5/15 * * * *")"},
        {"50-10 * * * *",
         R"(field 1 (minute) "50-10" begins after its end; write two ranges, 50-59,0-10, in "50-10 * * * *")"},
        {"* * * * fri-mon",
         R"(field 5 (day of week) "fri-mon" begins after its end; write two ranges, 5-6,0-1, in "* * * * fri-mon")"},
        {"1,,2 * * * *", R"(field 1 (minute) "1,,2": an item of the list is empty, in "1,,2 * * * *")"},
        {"1, * * * *", R"(field 1 (minute) "1,": an item of the list is empty, in "1, * * * *")"},
        {"* * L * *", R"(field 3 (day of month) "L" not in 1..31, in "* * L * *")"},
        {"* * ? * *", R"(field 3 (day of month) "?" not in 1..31, in "* * ? * *")"},
        {"** * * * *", R"(field 1 (minute) "**" not in 0..59, in "** * * * *")"},
        {"@dayly",
         R"("@dayly" is not known; known are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually)"},
        {"@reboot",
         R"("@reboot" is not known; known are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually)"},
    };
    for (auto const& [text, sentence] : cases) {
        CAPTURE(text);
        CHECK(refusal(text) == sentence);
    }
    for (std::string_view const text : {"", "   ", "*", "* * * *", "* * * * * * *", "@daily *"}) {
        CAPTURE(text);
        CHECK(refusal(text).find("write 5 (minute, hour, day of month, month, day of week), or 6") !=
              std::string::npos);
    }
    CHECK(refusal(std::string(10'240, '*')) == "an expression of 10240 bytes; at most 1000");
}

TEST_CASE("an expression that is never due is refused, and quickly", "[B32]") {
    auto const start = std::clock();
    int count = 0;
    for (std::string_view const text : {"0 0 30 2 *", "0 0 31 4 *", "0 0 31 2,4,6 *", "0 0 31 2,4,6,9,11 *",
                                        "* * 30-31 feb *", "0 0 31 4 */2"}) {
        CAPTURE(text);
        CHECK(refusal(text, errc::cron_never_fires).find("none of its months has a day of that number") !=
              std::string::npos);
        ++count;
    }
    // Of the processor's time.
    CHECK((std::clock() - start) * 100 / CLOCKS_PER_SEC < count);
    CHECK(refusal("0 0 30 2 1") == "accepted");  // Mondays in February
    CHECK(refusal("0 0 29 2 *") == "accepted");
}

TEST_CASE("an unknown time zone is refused by name", "[B33]") {
    for (std::string_view const zone : {"Mars/Base", "", "Madrid", "../../etc/passwd", "+02:00"}) {
        CAPTURE(zone);
        auto const text = refusal("* * * * *", errc::unknown_timezone, zone);
        CHECK(text == '"' + std::string{zone} +
                          "\" is not among the time zones of this machine; write a name like "
                          "\"Europe/Madrid\" or \"UTC\"");
    }
    CHECK(refusal("* * * * *", errc::unknown_timezone, "europe/madrid") ==
          "\"europe/madrid\" is not among the time zones of this machine; did you mean \"Europe/Madrid\"?");
    CHECK(refusal("* * * * *", errc::ok, "EST5EDT") == "accepted");
}

TEST_CASE("names, shorthands, lists, ranges and steps say what the numbers say") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"@hourly", "0 * * * *"},
        {"@daily", "0 0 * * *"},
        {"@midnight", "0 0 * * *"},
        {"@weekly", "0 0 * * 0"},
        {"@monthly", "0 0 1 * *"},
        {"@yearly", "0 0 1 1 *"},
        {"@annually", "0 0 1 jan *"},
        {"* * * jan-MAR,Dec mon-fri", "* * * 1-3,12 1-5"},
        {"* * * * 7", "* * * * 0"},
        {"* * * * sat-sun", "* * * * 6,0"},
        {"* * * * 5-7", "* * * * 0,5,6"},
        {"0-59/15 * * * *", "0,15,30,45 * * * *"},
        {"7-11/2,1 8-18/5 * * *", "1,7,9,11 8,13,18 * * *"},
        {"0 0 1 1 * ", "\t0\t0   1 1 *"},
        {"0 1 2 3 4 5", "0 1 2 3 apr fri"},
        {"1 2 3 4 5", "0 1 2 3 4 5"},
    };
    for (auto const& [a, b] : cases) {
        CAPTURE(a, b);
        CHECK(says_the_same(a, b));
    }
    CHECK_FALSE(says_the_same("* * * * 0-6", "* * * * *"));  // it says something, and so Vixie's rule holds
}

}  // namespace cron_test
