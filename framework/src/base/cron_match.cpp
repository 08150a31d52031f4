// SPDX-License-Identifier: MIT
#include "base/cron_match.hpp"

#include <bit>

namespace cohort {
namespace {

using std::chrono::seconds;

constexpr date::days most_days{366 * 50};
constexpr seconds end_of_day{86'399};

// The lowest bit from `from` on, or -1.
int lowest_bit(std::uint64_t bits, int from) noexcept {
    std::uint64_t const rest = bits >> from;
    return rest == 0 ? -1 : from + std::countr_zero(rest);
}

// The highest bit up to `to`, or -1.
int highest_bit(std::uint64_t bits, int to) noexcept {
    if (to < 0) return -1;
    std::uint64_t const rest = bits << (63 - to);
    return rest == 0 ? -1 : to - std::countl_zero(rest);
}

// Vixie's rule: where both day fields say something, either is enough.
bool is_day_of(Cron const& cron, date::year_month_day const& date) {
    bool const by_day = cron.has(CronField::day, static_cast<unsigned>(date.day()));
    date::weekday const weekday{date::local_days{date}};
    bool const by_weekday = cron.has(CronField::weekday, weekday.c_encoding());
    bool const is_one_free = cron.free(CronField::day) || cron.free(CronField::weekday);
    return is_one_free ? by_day && by_weekday : by_day || by_weekday;
}

struct TimeOfDay {
    explicit TimeOfDay(seconds of_day)
        : hour{static_cast<int>(of_day.count() / 3600)}, minute{static_cast<int>(of_day.count() / 60 % 60)},
          second{static_cast<int>(of_day.count() % 60)} {}

    int hour;
    int minute;
    int second;
};

seconds of_day(int hour, int minute, int second) {
    return seconds{(hour * 60 + minute) * 60 + second};
}

std::optional<seconds> next_in_day(Cron const& cron, seconds from) {
    TimeOfDay const at{from};
    auto const next = [&cron](CronField field, int value) { return lowest_bit(cron.bits(field), value); };
    for (int hour = next(CronField::hour, at.hour); hour >= 0; hour = next(CronField::hour, hour + 1)) {
        bool const is_hour = hour == at.hour;
        int minute = next(CronField::minute, is_hour ? at.minute : 0);
        for (; minute >= 0; minute = next(CronField::minute, minute + 1)) {
            int const second = next(CronField::second, is_hour && minute == at.minute ? at.second : 0);
            if (second >= 0) return of_day(hour, minute, second);
        }
    }
    return std::nullopt;
}

std::optional<seconds> last_in_day(Cron const& cron, seconds from) {
    TimeOfDay const at{from};
    auto const last = [&cron](CronField field, int value) { return highest_bit(cron.bits(field), value); };
    for (int hour = last(CronField::hour, at.hour); hour >= 0; hour = last(CronField::hour, hour - 1)) {
        bool const is_hour = hour == at.hour;
        int minute = last(CronField::minute, is_hour ? at.minute : 59);
        for (; minute >= 0; minute = last(CronField::minute, minute - 1)) {
            int const second = last(CronField::second, is_hour && minute == at.minute ? at.second : 59);
            if (second >= 0) return of_day(hour, minute, second);
        }
    }
    return std::nullopt;
}

bool is_month_of(Cron const& cron, date::year_month_day const& date) {
    return cron.has(CronField::month, static_cast<unsigned>(date.month()));
}

}  // namespace

std::optional<date::local_seconds> next_match(Cron const& cron, date::local_seconds from) {
    auto day = date::floor<date::days>(from);
    seconds time = from - day;
    for (auto const end = day + most_days; day < end; time = seconds{0}) {
        date::year_month_day const date{day};
        if (!is_month_of(cron, date)) {
            day = date::local_days{(date.year() / date.month() + date::months{1}) / 1};
            continue;
        }
        if (is_day_of(cron, date)) {
            if (auto const found = next_in_day(cron, time)) return day + *found;
        }
        day += date::days{1};
    }
    return std::nullopt;
}

std::optional<date::local_seconds> last_match(Cron const& cron, date::local_seconds from) {
    auto day = date::floor<date::days>(from);
    seconds time = from - day;
    for (auto const end = day - most_days; day > end; time = end_of_day) {
        date::year_month_day const date{day};
        if (!is_month_of(cron, date)) {
            day = date::local_days{date.year() / date.month() / 1} - date::days{1};
            continue;
        }
        if (is_day_of(cron, date)) {
            if (auto const found = last_in_day(cron, time)) return day + *found;
        }
        day -= date::days{1};
    }
    return std::nullopt;
}

}  // namespace cohort
