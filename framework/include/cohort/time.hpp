// SPDX-License-Identifier: MIT
// Points and spans of time, and the clock that everything is given instead of reading one.
#pragma once

#include <chrono>
#include <string>

namespace cohort {

using namespace std::chrono_literals;

using Duration = std::chrono::microseconds;
using Instant = std::chrono::sys_time<Duration>;  // UTC

// For "no limit": later than any point that may be stored.
inline constexpr Instant never = Instant::max();

// a + d without overflow: saturates at `never` and at the epoch's far past.
Instant add(Instant at, Duration span) noexcept;

// "2026-01-31T08:30:00.125Z", or "never".
std::string to_string(Instant at);

// "1.5s", "250ms", "2h 5min": for people, two units at most.
std::string to_string(Duration span);

// Thread-safe. Logic takes one as a parameter and never reads another.
class Clock {
public:
    virtual ~Clock() = default;

    virtual Instant now() const noexcept = 0;  // wall clock: for what is stored and shown
    virtual Duration
    steady() const noexcept = 0;  // never jumps, counts suspend: for measuring and for leases
};

// The machine's clocks (CLOCK_REALTIME, CLOCK_BOOTTIME).
Clock const& system_clock() noexcept;

}  // namespace cohort
