// SPDX-License-Identifier: MIT
// What is behind a Schedule: intervals and cron expressions each have a rule.
#pragma once

#include <cohort/schedule.hpp>

namespace cohort {

// Immutable. Instants are between 1970 and 9999; ticks are whole seconds.
class ScheduleRule {
public:
    virtual ~ScheduleRule() = default;

    // The first tick that is not before `from`.
    virtual Instant next(std::chrono::sys_seconds from) const = 0;
    // The last tick from `from` to `to`, both included.
    virtual std::optional<Instant> last(std::chrono::sys_seconds from, std::chrono::sys_seconds to) const = 0;
    virtual std::string text() const = 0;
};

}  // namespace cohort
