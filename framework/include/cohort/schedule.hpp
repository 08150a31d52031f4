// SPDX-License-Identifier: MIT
// When something is due again and again: by an interval, or by a cron expression in a time zone.
//
//   worker.schedule<clean_up>("nightly", cohort::cron("0 3 * * *", "Europe/Madrid"), "/tmp");
//   worker.schedule<ping>("pulse", cohort::every(30s));
#pragma once

#include <cohort/id.hpp>
#include <cohort/time.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort {

class ScheduleRule;

// An endless row of ticks, each at a whole second. Pure: it reads no clock. Immutable; copies share.
class Schedule {
public:
    explicit Schedule(std::shared_ptr<ScheduleRule const> rule);

    // The first tick after this instant; `never` when that is beyond the year 9999. Ticks begin in 1970.
    Instant next(Instant after) const;
    // The last tick that is not after `at`, if it is later than `after`.
    std::optional<Instant> last(Instant at, Instant after) const;
    // "0 3 * * * Europe/Madrid", "every 30s".
    std::string text() const;

private:
    std::shared_ptr<ScheduleRule const> rule_;
};

// At the multiples of `span` since 1970, UTC, so that all who say the same mean the same: every(30s) is :00
// and :30. Throws Error(invalid_schedule) unless it is a whole number of seconds, 1 s to 366 days.
Schedule every(Duration span);

// Five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or jan-dec), day of week (0-7 or
// sun-sat; 0 and 7 are Sunday). Six: the second (0-59) comes first. A field is a list of values, ranges
// (1-5), and steps (*/15, 8-18/2). Or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
// - Where both day fields say something (neither begins with "*"), either is enough.
// - The hours are those of the zone, a name of the machine's time zones: "Europe/Madrid".
// - Where clocks are put forward, a fixed hour that is left out comes at the moment of the change, once;
// where
//   they are put back, it comes the first time only. An hour field that begins with "*" means each hour that
//   there is: none that is left out, and twice the one that comes twice.
// Throws Error: invalid_cron, cron_never_fires, unknown_timezone.
Schedule cron(std::string_view expression, std::string_view zone = "UTC");

// The id of the job that a schedule gives at a tick: "cron:nightly:2026-11-21T02:00:00Z". Whoever makes it,
// wherever: it is the same.
Id tick_id(std::string_view schedule, Instant tick);
// The tick of such an id; nothing for others. A job that runs late finds out what it runs for.
std::optional<Instant> tick_of(std::string_view job_id);

}  // namespace cohort
