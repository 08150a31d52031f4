// SPDX-License-Identifier: MIT
// The calendar is std::chrono's; its years end at 32,767, so whole 400-year cycles (146,097 days) are taken
// out first.
#include "job/iso_time.hpp"

#include <chrono>

namespace cohort::detail {
namespace {

constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t cycle_days = 146'097;
constexpr std::int64_t cycle_years = 400;
constexpr std::int64_t last_year = 290'000'000;

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) noexcept {
    return a / b - (a % b < 0 ? 1 : 0);
}

void append_padded(std::string& out, std::uint64_t value, std::size_t width) {
    std::string const digits = std::to_string(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

// Reads from the front of a text; once something is missing, every later answer is no.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_{text} {}

    bool eat(std::string_view any_of) {
        if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::int64_t digits(std::size_t least, std::size_t most) {
        std::int64_t value = 0;
        std::size_t count = 0;
        for (; count < most && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; ++count) {
            value = value * 10 + (rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        if (count < least) good_ = false;
        count_ = count;
        return value;
    }
    void need(bool condition) { good_ = good_ && condition; }
    std::size_t last_count() const { return count_; }
    bool good() const { return good_; }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
    std::size_t count_ = 0;
    bool good_ = true;
};

std::int64_t scan_days(Scanner& in) {
    using namespace std::chrono;
    bool const minus = in.eat("-");
    bool const expanded = minus || in.eat("+");
    std::int64_t const number = expanded ? in.digits(4, 9) : in.digits(4, 4);
    std::int64_t const of_era = minus ? -number : number;
    in.need(of_era >= -last_year && of_era <= last_year && !(minus && number == 0));
    in.need(in.eat("-"));
    auto const m = static_cast<unsigned>(in.digits(2, 2));
    in.need(in.eat("-"));
    auto const d = static_cast<unsigned>(in.digits(2, 2));
    if (!in.good()) return 0;
    std::int64_t const cycles = floor_div(of_era, cycle_years);
    year_month_day const date{year{static_cast<int>(of_era - cycles * cycle_years)}, month{m}, day{d}};
    in.need(date.ok());
    return in.good() ? sys_days{date}.time_since_epoch().count() + cycles * cycle_days : 0;
}

std::uint32_t scan_fraction(Scanner& in) {
    std::int64_t nanoseconds = in.digits(1, 9);
    for (std::size_t i = in.last_count(); i < 9; ++i)
        nanoseconds *= 10;
    return static_cast<std::uint32_t>(nanoseconds);
}

std::int64_t scan_offset(Scanner& in) {
    if (in.eat("Zz")) return 0;
    bool const west = in.eat("-");
    in.need(west || in.eat("+"));
    std::int64_t const hours = in.digits(2, 2);
    in.eat(":");
    std::int64_t const minutes = in.digits(2, 2);
    in.need(hours < 24 && minutes < 60);
    std::int64_t const seconds = hours * 3600 + minutes * 60;
    return west ? -seconds : seconds;
}

}  // namespace

void append_iso_time(std::string& out, std::int64_t seconds, std::uint32_t nanoseconds) {
    using namespace std::chrono;
    std::int64_t const all_days = floor_div(seconds, day_seconds);
    std::int64_t const of_day = seconds - all_days * day_seconds;
    std::int64_t const cycles = floor_div(all_days, cycle_days);
    year_month_day const date{sys_days{days{static_cast<int>(all_days - cycles * cycle_days)}}};
    std::int64_t const in_era = static_cast<int>(date.year()) + cycles * cycle_years;

    if (in_era < 0) out += '-';
    if (in_era > 9999) out += '+';
    append_padded(out, static_cast<std::uint64_t>(in_era < 0 ? -in_era : in_era), 4);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.month()), 2);
    out += '-';
    append_padded(out, static_cast<unsigned>(date.day()), 2);
    out += 'T';
    append_padded(out, static_cast<std::uint64_t>(of_day / 3600), 2);
    out += ':';
    append_padded(out, static_cast<std::uint64_t>(of_day / 60 % 60), 2);
    out += ':';
    append_padded(out, static_cast<std::uint64_t>(of_day % 60), 2);
    if (nanoseconds != 0) {
        out += '.';
        append_padded(out, nanoseconds, 9);
        while (out.back() == '0')
            out.pop_back();
    }
    out += 'Z';
}

std::optional<UnixTime> parse_iso_time(std::string_view text) {
    Scanner in{text};
    std::int64_t const all_days = scan_days(in);
    if (!in.good()) return std::nullopt;
    UnixTime time{.seconds = all_days * day_seconds, .nanoseconds = 0};
    if (in.at_end()) return time;

    in.need(in.eat("Tt "));
    std::int64_t const hours = in.digits(2, 2);
    in.need(in.eat(":"));
    std::int64_t const minutes = in.digits(2, 2);
    std::int64_t seconds = 0;
    if (in.eat(":")) {
        seconds = in.digits(2, 2);
        if (in.eat(".,")) time.nanoseconds = scan_fraction(in);
    }
    std::int64_t const offset = scan_offset(in);
    in.need(hours < 24 && minutes < 60 && seconds < 60 && in.at_end());
    if (!in.good()) return std::nullopt;
    time.seconds += hours * 3600 + minutes * 60 + seconds - offset;
    return time;
}

}  // namespace cohort::detail
