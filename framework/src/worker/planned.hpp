// SPDX-License-Identifier: MIT
// A schedule that a worker keeps: when, and what.
#pragma once

#include <cohort/record.hpp>
#include <cohort/schedule.hpp>

#include <string>

namespace cohort {

struct Planned {
    std::string name;
    Schedule when;
    Duration catch_up;
    NewJob job;  // of each tick, which adds its id and its time
};

}  // namespace cohort
