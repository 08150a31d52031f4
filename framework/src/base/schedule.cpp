// SPDX-License-Identifier: MIT
// Schedules as such, intervals, and the ids of ticks. base/cron_schedule.cpp has the other kind.
#include "base/schedule_rule.hpp"
#include "base/text.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <array>
#include <date/date.h>
#include <sstream>
#include <utility>

namespace cohort {
namespace {

using date::sys_seconds;
using std::chrono::seconds;

constexpr sys_seconds first_tick{seconds{0}};
constexpr sys_seconds end_of_ticks{date::sys_days{date::year{9999} / 12 / 31}};
constexpr Duration longest_interval = 24h * 366;
constexpr std::string_view id_prefix = "cron:";
constexpr std::string_view id_form = "2026-11-21T02:00:00Z";

class IntervalRule final : public ScheduleRule {
public:
    explicit IntervalRule(seconds span) : span_{span} {}

    Instant next(sys_seconds from) const override {
        auto const since = from.time_since_epoch();
        return sys_seconds{(since + span_ - seconds{1}) / span_ * span_};
    }
    std::optional<Instant> last(sys_seconds from, sys_seconds to) const override {
        sys_seconds const tick{to.time_since_epoch() / span_ * span_};
        return tick < from ? std::nullopt : std::optional<Instant>{tick};
    }
    std::string text() const override { return "every " + to_string(Duration{span_}); }

private:
    seconds const span_;
};

}  // namespace

Schedule::Schedule(std::shared_ptr<ScheduleRule const> rule) : rule_{std::move(rule)} {}

Instant Schedule::next(Instant after) const {
    if (after >= end_of_ticks) return never;
    auto const from = std::max(first_tick, std::chrono::floor<seconds>(after) + seconds{1});
    Instant const tick = rule_->next(from);
    return tick > end_of_ticks ? never : tick;
}

std::optional<Instant> Schedule::last(Instant at, Instant after) const {
    if (at < first_tick || after >= at) return std::nullopt;
    auto const to = std::min(end_of_ticks, std::chrono::floor<seconds>(at));
    auto const from = std::max(first_tick, std::chrono::floor<seconds>(after) + seconds{1});
    if (from > to) return std::nullopt;
    return rule_->last(from, to);
}

std::string Schedule::text() const {
    return rule_->text();
}

Schedule every(Duration span) {
    if (span < 1s || span > longest_interval || span % 1s != 0s) {
        throw Error{errc::invalid_schedule,
                    "every " + to_string(span) + " is not a whole number of seconds, from 1s to 366 days"};
    }
    return Schedule{std::make_shared<IntervalRule>(std::chrono::duration_cast<seconds>(span))};
}

Id tick_id(std::string_view schedule, Instant tick) {
    std::string id{id_prefix};
    id += schedule;
    id += ':';
    id += to_string(tick).substr(0, id_form.size() - 1);
    id += 'Z';
    return id;
}

std::optional<Instant> tick_of(std::string_view job_id) {
    // A name is one character at least, and a colon follows.
    if (!job_id.starts_with(id_prefix) || job_id.size() < id_prefix.size() + 2 + id_form.size())
        return std::nullopt;
    auto const end = job_id.size() - id_form.size();
    std::istringstream text{std::string{job_id.substr(end)}};
    date::sys_seconds tick;
    text >> date::parse("%FT%TZ", tick);
    std::string_view const name = job_id.substr(id_prefix.size(), end - id_prefix.size() - 1);
    // What is read in more than one way is not one of ours.
    if (text.fail() || tick_id(name, tick) != job_id) return std::nullopt;
    return tick;
}

}  // namespace cohort
