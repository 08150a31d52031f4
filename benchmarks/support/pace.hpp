// SPDX-License-Identifier: MIT
// For how long a loop asks, and what of it counts: a tenth of the time warms up, then the measuring begins.
// One thread.
#pragma once

#include "support/histogram.hpp"
#include "support/usage.hpp"

#include <functional>
#include <optional>

namespace bench {

class Pace {
public:
    // `begins` is called once, when the measuring begins.
    Pace(double seconds, std::function<void()> begins);

    // Whether to ask once more.
    bool goes_on() const noexcept { return !at_end_; }
    // `jobs` asked for at `begun` are answered.
    void done(SteadyClock::time_point begun, std::uint64_t jobs = 1);

    // All jobs that were ever done, the warming up and the last ones included.
    std::uint64_t asked() const noexcept { return asked_; }
    // As the client's; after the last done().
    Sample sample() const;

private:
    SteadyClock::time_point begin_;
    SteadyClock::time_point end_;
    std::function<void()> begins_;
    std::optional<Usage> at_begin_;
    std::optional<Usage> at_end_;
    SteadyClock::time_point measured_from_{};
    SteadyClock::time_point measured_to_{};
    std::uint64_t asked_ = 0;
    std::uint64_t counted_ = 0;
    Histogram latencies_;
};

}  // namespace bench
