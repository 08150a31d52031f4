// SPDX-License-Identifier: MIT
#include "sqlite/pulse.hpp"

#include <utility>

namespace cohort::sqlite {

Duration Pulse::beat(Duration steady) {
    std::lock_guard const lock{mutex_};
    auto const now = std::chrono::steady_clock::now();
    Duration const boot = system_clock().steady();
    // A stopped process sees both clocks jump, a suspended machine the one that counts suspend.
    bool const slept =
        now - std::exchange(last_, now) > longest_gap || boot - std::exchange(last_boot_, boot) > longest_gap;
    if (slept) woken_ = steady;
    return woken_;
}

}  // namespace cohort::sqlite
