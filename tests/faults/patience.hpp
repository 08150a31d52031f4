// SPDX-License-Identifier: MIT
// How long what scenarios wait for may take.
#pragma once

#include "faults/stage.hpp"

namespace faults {

template<class Ask>
bool becomes_true(Ask ask, cohort::Duration patience) {
    auto const end = ledger_time() + patience;
    while (ledger_time() < end) {
        if (ask()) return true;
        Stage::pass(5ms);
    }
    return false;
}

// The longest pause between two attempts to connect, and a second.
inline constexpr cohort::Duration longest_return = 11s;

}  // namespace faults
