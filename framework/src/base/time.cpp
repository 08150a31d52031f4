// SPDX-License-Identifier: MIT
// Arithmetic that cannot overflow, texts for people and logs, and the machine's clocks.
#include <cohort/time.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace cohort {
namespace {

constexpr std::int64_t second = 1'000'000;

struct Date {
    std::int64_t year;
    int month;
    int day;
};

// Days since 1970 to the proleptic Gregorian calendar. std::chrono's years end at 32767, but instants do not.
// https://howardhinnant.github.io/date_algorithms.html#civil_from_days
constexpr Date date_of(std::int64_t days) noexcept {
    days += 719'468;  // count from 0000-03-01, so that leap days end a year
    std::int64_t const era = (days >= 0 ? days : days - 146'096) / 146'097;
    std::int64_t const of_era = days - era * 146'097;
    std::int64_t const year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
    std::int64_t const of_year = of_era - (365 * year + year / 4 - year / 100);
    std::int64_t const month = (5 * of_year + 2) / 153;  // 0 is March
    int const day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
    int const civil_month = static_cast<int>(month < 10 ? month + 3 : month - 9);
    return {year + era * 400 + (civil_month <= 2 ? 1 : 0), civil_month, day};
}

// "1.5", "250": thousandths without trailing zeros.
std::string with_fraction(std::uint64_t whole, std::uint64_t thousandths) {
    std::string out = std::to_string(whole);
    if (thousandths == 0) return out;
    std::string fraction = std::to_string(1000 + thousandths).substr(1);
    while (fraction.back() == '0') {
        fraction.pop_back();
    }
    return out + '.' + fraction;
}

class SystemClock final : public Clock {
public:
    Instant now() const noexcept override { return Instant{read(CLOCK_REALTIME)}; }
    Duration steady() const noexcept override { return read(CLOCK_BOOTTIME); }

private:
    static Duration read(clockid_t clock) noexcept {
        timespec value{};
        ::clock_gettime(clock, &value);
        return Duration{std::int64_t{value.tv_sec} * second + value.tv_nsec / 1000};
    }
};

}  // namespace

Instant add(Instant at, Duration span) noexcept {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(std::int64_t{at.time_since_epoch().count()}, std::int64_t{span.count()},
                               &sum)) {
        return span.count() > 0 ? Instant::max() : Instant::min();
    }
    return Instant{Duration{sum}};
}

std::string to_string(Instant at) {
    if (at == never) return "never";
    constexpr std::int64_t day = 86'400 * second;
    std::int64_t const count = at.time_since_epoch().count();
    std::int64_t const days = count / day - (count % day < 0 ? 1 : 0);
    std::int64_t const of_day = count % day + (count % day < 0 ? day : 0);
    Date const date = date_of(days);

    std::array<char, 64> text{};
    int const size = std::snprintf(
        text.data(), text.size(), "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", static_cast<long long>(date.year),
        date.month, date.day, static_cast<int>(of_day / (3600 * second)),
        static_cast<int>(of_day / (60 * second) % 60), static_cast<int>(of_day / second % 60),
        static_cast<int>(of_day / 1000 % 1000));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string to_string(Duration span) {
    std::int64_t const count = span.count();
    std::string const sign = count < 0 ? "-" : "";
    // Negated as unsigned: the smallest value has no positive counterpart.
    std::uint64_t const us =
        count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
    if (us == 0) return "0s";
    if (us < 1000) return sign + std::to_string(us) + "us";
    if (us < 1'000'000) return sign + with_fraction(us / 1000, us % 1000) + "ms";

    std::uint64_t const s = us / 1'000'000;
    if (s < 60) return sign + with_fraction(s, us / 1000 % 1000) + "s";
    auto const two = [&](std::uint64_t large, char const* name, std::uint64_t small, char const* small_name) {
        std::string out = sign + std::to_string(large) + name;
        if (small != 0) out += " " + std::to_string(small) + small_name;
        return out;
    };
    if (s < 3600) return two(s / 60, "min", s % 60, "s");
    if (s < 86'400) return two(s / 3600, "h", s / 60 % 60, "min");
    return two(s / 86'400, "d", s / 3600 % 24, "h");
}

Clock const& system_clock() noexcept {
    static SystemClock const clock;
    return clock;
}

}  // namespace cohort
