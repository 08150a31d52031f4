// SPDX-License-Identifier: MIT
// When a schedule is due: by a table, where clocks are changed, and against a slow reference.
#include <cohort/error.hpp>
#include <cohort/schedule.hpp>

#include <catch2/catch.hpp>

#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

namespace schedule_test {

using namespace cohort;

// "2026-11-21 03:00" or with seconds, UTC.
Instant at(std::string_view text) {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    std::sscanf(std::string{text}.c_str(), "%d-%d-%d %d:%d:%d", &year, &month, &day, &hour, &minute, &second);
    tm parts{};
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    parts.tm_sec = second;
    return Instant{std::chrono::seconds{timegm(&parts)}};
}

// "2026-11-21 03:00:00" for each tick from the first one after `from` on.
std::vector<std::string> ticks(Schedule const& schedule, std::string_view from, int count) {
    std::vector<std::string> all;
    Instant tick = at(from);
    for (int i = 0; i < count; ++i) {
        tick = schedule.next(tick);
        std::string text = to_string(tick).substr(0, 19);
        text[10] = ' ';
        all.push_back(text);
    }
    return all;
}

using Texts = std::vector<std::string>;

TEST_CASE("the next ticks of an expression", "[I28]") {
    struct Case {
        std::string_view text;
        std::string_view from;
        Texts next;
    };
    Case const cases[] = {
        {"* * * * *", "2026-11-21 12:00:00", {"2026-11-21 12:01:00", "2026-11-21 12:02:00"}},
        {"* * * * *", "2026-11-21 12:00:59", {"2026-11-21 12:01:00"}},
        {"* * * * * *", "2026-12-31 23:59:58", {"2026-12-31 23:59:59", "2027-01-01 00:00:00"}},
        {"30 */15 * * * *", "2026-01-01 00:00", {"2026-01-01 00:00:30", "2026-01-01 00:15:30"}},
        {"*/25 * * * *",
         "2026-01-01 00:00",
         {"2026-01-01 00:25:00", "2026-01-01 00:50:00", "2026-01-01 01:00:00"}},
        {"0 3 * * *", "2026-11-21 03:00", {"2026-11-22 03:00:00", "2026-11-23 03:00:00"}},
        {"0 3 * * *", "2026-11-21 02:59:59", {"2026-11-21 03:00:00"}},
        {"@monthly", "2026-11-21 00:00", {"2026-12-01 00:00:00", "2027-01-01 00:00:00"}},
        {"0 0 31 * *",
         "2026-01-31 00:00",
         {"2026-03-31 00:00:00", "2026-05-31 00:00:00", "2026-07-31 00:00:00"}},
        {"59 23 28-31 2 *",
         "2027-02-01 00:00",
         {"2027-02-28 23:59:00", "2028-02-28 23:59:00", "2028-02-29 23:59:00"}},
        {"0 9 * * mon-fri", "2026-11-20 09:00", {"2026-11-23 09:00:00", "2026-11-24 09:00:00"}},
        {"0 0 * * 7", "2026-11-21 00:00", {"2026-11-22 00:00:00", "2026-11-29 00:00:00"}},
        // Both day fields: either. One of them free, though with a step: both.
        {"0 0 13 * fri",
         "2026-11-01 00:00",
         {"2026-11-06 00:00:00", "2026-11-13 00:00:00", "2026-11-20 00:00:00", "2026-11-27 00:00:00",
          "2026-12-04 00:00:00", "2026-12-11 00:00:00", "2026-12-13 00:00:00"}},
        {"0 0 */10 * mon", "2026-11-01 00:00", {"2026-12-21 00:00:00", "2027-01-11 00:00:00"}},
        {"0 0 1 jan,jul *", "2026-11-21 00:00", {"2027-01-01 00:00:00", "2027-07-01 00:00:00"}},
    };
    for (auto const& one : cases) {
        CAPTURE(one.text, one.from);
        CHECK(ticks(cron(one.text), one.from, static_cast<int>(one.next.size())) == one.next);
    }
}

TEST_CASE("29 February comes within eight years, also where a leap year is left out", "[B33][I28]") {
    CHECK(ticks(cron("0 0 29 2 *"), "2095-01-01 00:00", 3) ==
          Texts{"2096-02-29 00:00:00", "2104-02-29 00:00:00", "2108-02-29 00:00:00"});
    CHECK(ticks(cron("0 0 29 2 */6"), "2072-03-01 00:00", 2) ==
          Texts{"2076-02-29 00:00:00", "2088-02-29 00:00:00"});
}

TEST_CASE("fixed hours come once a day, where clocks are put forward and where they are put back",
          "[F81][I28]") {
    // America/New_York: 2026-03-08 02:00 EST -> 03:00 EDT (07:00 UTC), 2026-11-01 02:00 EDT -> 01:00 EST
    // (06:00).
    struct Case {
        std::string_view text;
        std::string_view from;
        Texts next;
    };
    Case const cases[] = {
        {"30 1 * * *", "2026-03-07 12:00", {"2026-03-08 06:30:00", "2026-03-09 05:30:00"}},
        {"30 2 * * *", "2026-03-07 12:00", {"2026-03-08 07:00:00", "2026-03-09 06:30:00"}},
        {"0 12 * * *", "2026-03-07 18:00", {"2026-03-08 16:00:00", "2026-03-09 16:00:00"}},
        {"30 1 * * *", "2026-10-31 12:00", {"2026-11-01 05:30:00", "2026-11-02 06:30:00"}},
        {"30 2 * * *", "2026-10-31 12:00", {"2026-11-01 07:30:00", "2026-11-02 07:30:00"}},
        {"0 12 * * *", "2026-10-31 18:00", {"2026-11-01 17:00:00", "2026-11-02 17:00:00"}},
        // Several that are left out are one; and one that falls upon the moment of the change is the same.
        {"*/20 2 * * *", "2026-03-07 12:00", {"2026-03-08 07:00:00", "2026-03-09 06:00:00"}},
        {"0 1-4 * * *",
         "2026-03-08 05:30",
         {"2026-03-08 06:00:00", "2026-03-08 07:00:00", "2026-03-08 08:00:00"}},
        {"0 0-2 * * *",
         "2026-11-01 03:00",
         {"2026-11-01 04:00:00", "2026-11-01 05:00:00", "2026-11-01 07:00:00"}},
    };
    for (auto const& one : cases) {
        CAPTURE(one.text, one.from);
        CHECK(ticks(cron(one.text, "America/New_York"), one.from, static_cast<int>(one.next.size())) ==
              one.next);
    }
}

TEST_CASE("an hour field that begins with a star means each hour that there is", "[F81][I28]") {
    CHECK(ticks(cron("30 * * * *", "America/New_York"), "2026-03-08 05:45", 3) ==
          Texts{"2026-03-08 06:30:00", "2026-03-08 07:30:00", "2026-03-08 08:30:00"});
    CHECK(ticks(cron("30 * * * *", "America/New_York"), "2026-11-01 04:45", 3) ==
          Texts{"2026-11-01 05:30:00", "2026-11-01 06:30:00", "2026-11-01 07:30:00"});
    CHECK(ticks(cron("0 */2 * * *", "America/New_York"), "2026-03-08 04:00", 3) ==
          Texts{"2026-03-08 05:00:00", "2026-03-08 08:00:00", "2026-03-08 10:00:00"});
}

TEST_CASE("midnight that does not exist, half an hour of change, and a day that was left out", "[F81]") {
    CHECK(ticks(cron("@daily", "America/Sao_Paulo"), "2018-11-03 12:00", 2) ==
          Texts{"2018-11-04 03:00:00", "2018-11-05 02:00:00"});
    CHECK(ticks(cron("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03 00:00", 2) ==
          Texts{"2026-10-03 15:30:00", "2026-10-04 15:15:00"});
    CHECK(ticks(cron("0 12 * * *", "Pacific/Apia"), "2011-12-29 23:00", 2) ==
          Texts{"2011-12-30 10:00:00", "2011-12-30 22:00:00"});
    CHECK(ticks(cron("45 5 * * *", "Asia/Kathmandu"), "2026-01-01 00:00", 1) == Texts{"2026-01-02 00:00:00"});
}

TEST_CASE("an interval is due at the multiples of its span", "[I28]") {
    CHECK(ticks(every(30s), "2026-11-21 12:00:29", 2) == Texts{"2026-11-21 12:00:30", "2026-11-21 12:01:00"});
    CHECK(ticks(every(1s), "2026-11-21 12:00:29", 1) == Texts{"2026-11-21 12:00:30"});
    CHECK(ticks(every(1h), "2026-11-21 12:00", 1) == Texts{"2026-11-21 13:00:00"});
    CHECK(every(30s).next(at("2026-11-21 12:00") - 1us) == at("2026-11-21 12:00"));
    CHECK(every(30s).next(at("2026-11-21 12:00")) == at("2026-11-21 12:00:30"));
    for (Duration const span :
         {Duration{0s}, Duration{-1s}, Duration{999ms}, Duration{1500ms}, Duration{24h * 367}}) {
        try {
            every(span);
            FAIL(to_string(span));
        } catch (Error const& error) {
            CHECK(error.which() == errc::invalid_schedule);
            CHECK(error.detail() ==
                  "every " + to_string(span) + " is not a whole number of seconds, from 1s to 366 days");
        }
    }
}

TEST_CASE("the last tick is the one that the next one follows") {
    Schedule const schedules[] = {every(7s), cron("*/7 * * * *"), cron("30 2 * * *", "America/New_York"),
                                  cron("15 * * * * *", "Europe/Madrid")};
    for (auto const& schedule : schedules) {
        CAPTURE(schedule.text());
        for (auto const* from : {"2026-03-08 01:00", "2026-10-25 00:00", "2026-11-01 05:00"}) {
            Instant tick = schedule.next(at(from));
            for (int i = 0; i < 20; ++i) {
                Instant const next = schedule.next(tick);
                CHECK(schedule.last(tick, tick - 1us) == tick);
                CHECK(schedule.last(next - 1us, at(from)) == tick);
                CHECK(schedule.last(next, tick) == next);
                CHECK_FALSE(schedule.last(next - 1us, tick).has_value());
                tick = next;
            }
        }
    }
    CHECK_FALSE(cron("0 0 29 2 *").last(at("2027-01-01 00:00"), at("2025-01-01 00:00")).has_value());
    CHECK(cron("0 0 29 2 *").last(at("2027-01-01 00:00"), at("2023-01-01 00:00")) == at("2024-02-29 00:00"));
}

TEST_CASE("times far away are answered too") {
    for (auto const& schedule : {every(30s), cron("* * * * *", "Europe/Madrid")}) {
        CHECK(schedule.next(Instant::min()) == at("1970-01-01 00:00"));
        CHECK(schedule.next(never) == never);
        CHECK(schedule.next(at("9999-12-31 00:00")) == never);
        CHECK_FALSE(schedule.last(Instant::min(), Instant::min()).has_value());
        CHECK_FALSE(schedule.last(at("1960-01-01 00:00"), Instant::min()).has_value());
        CHECK(schedule.last(at("1970-01-01 00:00"), Instant::min()) == at("1970-01-01 00:00"));
        CHECK(schedule.last(never, Instant::min()) == at("9999-12-31 00:00"));
    }
    CHECK(cron("0 3 * * *", "Europe/Madrid").text() == "0 3 * * * Europe/Madrid");
    CHECK(every(90s).text() == "every 1min 30s");
}

TEST_CASE("the id of a tick says its schedule and its second, and is read back") {
    Instant const tick = at("2026-11-21 02:00:05");
    CHECK(tick_id("nightly", tick) == "cron:nightly:2026-11-21T02:00:05Z");
    CHECK(tick_of("cron:nightly:2026-11-21T02:00:05Z") == tick);
    check_job_id(tick_id(std::string(100, 'n'), tick));
    for (std::string_view const id :
         {"", "cron:", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "cron:2026-11-21T02:00:05Z",
          "cron::2026-11-21T02:00:05Z", "cron:a:2026-11-21T02:00:05", "cron:a:2026-13-21T02:00:05Z",
          "cron:a:2026-02-30T02:00:05Z", "cron:a-2026-11-21T02:00:05Z", "cron:a:2026-11-21T2:00:005Z",
          "cron:a:2026-11-21T02:00:60Z"}) {
        CAPTURE(id);
        CHECK_FALSE(tick_of(id).has_value());
    }
}

}  // namespace schedule_test
