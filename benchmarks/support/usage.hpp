// SPDX-License-Identifier: MIT
// What a process and the machine have used: CPU time, memory, allocations.
#pragma once

#include "support/case.hpp"

#include <chrono>

namespace bench {

using SteadyClock = std::chrono::steady_clock;

// Of this process, from its start until now.
Usage used_so_far();
// What was used between two moments; memory as at the second.
Usage between(Usage const& from, Usage const& to);

// Cores that programs other than this one and the children it has waited for use, from construction on.
class OtherPrograms {
public:
    OtherPrograms();
    double cores() const;

private:
    SteadyClock::time_point begun_;
    double busy_;
    double own_;
};

}  // namespace bench
