// SPDX-License-Identifier: MIT
// What all parts of one broker object know: where the file is, whose jobs in it are ours, and what time it
// is.
#pragma once

#include "base/ended_limits.hpp"
#include "sqlite/database.hpp"

#include <cohort/time.hpp>

#include <string>

namespace cohort::sqlite {

struct Config {
    std::string path;   // absolute, without symbolic links
    std::string space;  // the namespace; "" is one like any other
    Durability durability = Durability::full;
    Clock const* clock = nullptr;
    std::string boot;    // of this machine: leases of another boot have ended
    EndedLimits limits;  // by which our upkeep goes
};

}  // namespace cohort::sqlite
