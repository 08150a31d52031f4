// SPDX-License-Identifier: MIT
// Notices that this process, or the machine, has slept.
#pragma once

#include <cohort/time.hpp>

#include <chrono>
#include <mutex>

namespace cohort::sqlite {

// Thread-safe.
class Pulse {
public:
    // Called often, by whoever lives. `steady` is the broker's clock; gives the moment on it at which the
    // last sleep ended. After that nobody is taken for dead before he has had the time for a beat.
    Duration beat(Duration steady);

private:
    // Long before anything: no sleep is known.
    static constexpr Duration long_ago = -24h * 365 * 100;
    static constexpr auto longest_gap = std::chrono::seconds{3};

    std::mutex mutex_;
    // These are about this very process, so they are read from the system and not from a clock that tests
    // move.
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
    Duration last_boot_ = system_clock().steady();
    Duration woken_ = long_ago;
};

}  // namespace cohort::sqlite
