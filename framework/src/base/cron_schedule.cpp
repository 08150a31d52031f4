// SPDX-License-Identifier: MIT
// Cron expressions in a time zone: where local times are left out or come twice, which of them are ticks.
#include "base/cron_match.hpp"
#include "base/schedule_rule.hpp"
#include "base/text.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <date/tz.h>
#include <stdexcept>
#include <utility>

namespace cohort {
namespace {

using date::local_seconds;
using date::sys_seconds;
using std::chrono::seconds;

// A time without a change of the zone's clocks.
struct Season {
    sys_seconds begin;
    sys_seconds end;
    seconds offset;   // local - UTC
    seconds earlier;  // the offset before

    local_seconds local(sys_seconds at) const { return local_seconds{at.time_since_epoch() + offset}; }
    sys_seconds utc(local_seconds at) const { return sys_seconds{at.time_since_epoch() - offset}; }
};

class CronSchedule final : public ScheduleRule {
public:
    CronSchedule(Cron const& cron, date::time_zone const& zone, std::string text)
        : cron_{cron}, zone_{zone}, text_{std::move(text)} {}

    Instant next(sys_seconds from) const override {
        for (;;) {
            Season const season = season_of(from);
            if (from == season.begin && is_made_up_for(season)) return from;
            auto const match = next_match(cron_, std::max(season.local(from), first_of(season)));
            if (!match) return never;
            if (season.utc(*match) < season.end) return season.utc(*match);
            from = season.end;
        }
    }

    std::optional<Instant> last(sys_seconds from, sys_seconds to) const override {
        while (to >= from) {
            Season const season = season_of(to);
            auto const match = last_match(cron_, season.local(to));
            if (match && *match >= first_of(season)) {
                sys_seconds const tick = season.utc(*match);
                return tick < from ? std::nullopt : std::optional<Instant>{tick};
            }
            if (is_made_up_for(season))
                return season.begin < from ? std::nullopt : std::optional<Instant>{season.begin};
            to = season.begin - seconds{1};
        }
        return std::nullopt;
    }

    std::string text() const override { return text_; }

private:
    Season season_of(sys_seconds at) const {
        static constexpr sys_seconds first_change{date::sys_days{date::year{1800} / 1 / 1}};
        auto const info = zone_.get_info(at);
        Season season{info.begin, info.end, info.offset, info.offset};
        if (season.begin > first_change) season.earlier = zone_.get_info(season.begin - seconds{1}).offset;
        return season;
    }

    bool has_fixed_hours() const noexcept { return !cron_.free(CronField::hour); }

    // From which local time on there are ticks: of what comes twice, fixed hours come the first time only.
    local_seconds first_of(Season const& season) const {
        seconds const offset = has_fixed_hours() ? std::max(season.offset, season.earlier) : season.offset;
        return local_seconds{season.begin.time_since_epoch() + offset};
    }

    // Whether a fixed hour was left out when this season began.
    bool is_made_up_for(Season const& season) const {
        if (!has_fixed_hours() || season.offset <= season.earlier) return false;
        auto const left_out =
            next_match(cron_, local_seconds{season.begin.time_since_epoch() + season.earlier});
        return left_out && *left_out < season.local(season.begin);
    }

    Cron const cron_;
    date::time_zone const& zone_;  // of a list that lives as long as the program
    std::string const text_;
};

char small(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// What the text says may be wrong in its capitals only.
std::string advice(std::string_view name) {
    for (auto const& zone : date::get_tzdb().zones) {
        bool const is_near = std::ranges::equal(zone.name(), name, {}, small, small);
        if (is_near) return "did you mean " + quote(zone.name()) + "?";
    }
    return "write a name like \"Europe/Madrid\" or \"UTC\"";
}

date::time_zone const& find_zone(std::string_view name) {
    try {
        return *date::locate_zone(name);
    } catch (std::runtime_error const&) {
        throw Error{errc::unknown_timezone,
                    quote(name) + " is not among the time zones of this machine; " + advice(name)};
    }
}

}  // namespace

Schedule cron(std::string_view expression, std::string_view zone) {
    Cron const parsed = parse_cron(expression);
    if (!next_match(parsed, local_seconds{})) {
        throw Error{errc::cron_never_fires,
                    quote(expression, 200) + ": none of its months has a day of that number"};
    }
    std::string text = std::string{expression} + " " + std::string{zone};
    return Schedule{std::make_shared<CronSchedule>(parsed, find_zone(zone), std::move(text))};
}

}  // namespace cohort
