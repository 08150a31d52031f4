// SPDX-License-Identifier: MIT
// The default set-up of a scenario: every time constant shortened, so that it fits in seconds.
#pragma once

#include "support/slowness.hpp"

#include <cohort/worker.hpp>

#include <string>

namespace faults {

using namespace std::chrono_literals;

using support::slowness;

struct WorkerSetup {
    std::string name = {};  // default: w1, w2, … in the order of their starts
    std::uint32_t slots = 4;
    std::uint32_t threads = 1;
    cohort::Duration lease = 1500ms * slowness;
    cohort::Duration upkeep = 500ms;
    cohort::Duration grace = 2s;
    cohort::Duration cancel_grace = 500ms;
    cohort::Duration deadline = 1s * slowness;
    cohort::Duration skew = 0s;  // of its clock
    bool is_old = false;         // knows only the job `ok`
    std::string cron = {};       // it keeps a schedule "tick" of `ok` by this expression; "" = none
    std::string failpoints = {};

    cohort::WorkerOptions options() const {
        cohort::WorkerOptions made;
        made.name = name;
        made.concurrency = slots;
        made.threads = threads;
        made.lease = lease;
        made.upkeep = upkeep;
        made.grace = grace;
        made.cancel_grace = cancel_grace;
        made.deadline = deadline;
        return made;
    }

    // Within so long after its death its jobs run again elsewhere: the lease, a round of upkeep, a poll, and
    // half a second for a slow machine.
    cohort::Duration recovery() const { return lease + upkeep * 6 / 5 + 1s + 500ms * slowness; }
};

}  // namespace faults
