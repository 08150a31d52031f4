// SPDX-License-Identifier: MIT
// Which tick of a schedule is to be given now, whatever the clock does. Time is passed in.
#pragma once

#include <cohort/schedule.hpp>

#include <optional>

namespace cohort {

// - Of several ticks that have passed only the last is given: no storm after a sleep, an outage or a jump.
// - Where the clock goes back, ticks come again. They are the same jobs, which the broker stores once; to
// wait
//   instead until the clock is where it was would leave out real ones.
class Ticks {
public:
    Ticks(Schedule when, Duration catch_up);

    // The one that is owed: it has come, is not older than catch_up, and has not been done.
    std::optional<Instant> due(Instant now);
    // This one is stored, or never will be.
    void done(Instant tick);
    // With nothing due: how long to sleep before looking again. Not longer than so, since the clock may be
    // set meanwhile.
    static constexpr Duration longest_sleep = 10s;
    Duration pause(Instant now) const;

private:
    Schedule const when_;
    Duration const catch_up_;
    Instant last_look_ = Instant::min();
    Instant done_ = Instant::min();  // all ticks up to here are
};

}  // namespace cohort
