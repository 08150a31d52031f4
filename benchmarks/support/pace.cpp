// SPDX-License-Identifier: MIT
#include "support/pace.hpp"

#include <stdexcept>
#include <utility>

namespace bench {

namespace {

SteadyClock::duration span(double seconds) {
    return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>{seconds});
}

}  // namespace

Pace::Pace(double seconds, std::function<void()> begins)
    : begin_{SteadyClock::now() + span(seconds / 10)}, end_{begin_ + span(seconds)},
      begins_{std::move(begins)} {}

void Pace::done(SteadyClock::time_point begun, std::uint64_t jobs) {
    asked_ += jobs;
    auto const now = SteadyClock::now();
    if (now < begin_ || at_end_) return;
    if (!at_begin_) {
        begins_();
        at_begin_ = used_so_far();
        measured_from_ = now;  // what ended just now is before the measuring
        return;
    }
    counted_ += jobs;
    latencies_.add(now - begun);
    if (now < end_) return;
    at_end_ = used_so_far();
    measured_to_ = now;
}

Sample Pace::sample() const {
    if (!at_begin_ || !at_end_ || counted_ == 0)
        throw std::runtime_error{"nothing was measured: too little time"};
    Sample sample;
    sample.seconds = std::chrono::duration<double>{measured_to_ - measured_from_}.count();
    sample.jobs = counted_;
    sample.client = between(*at_begin_, *at_end_);
    sample.p50_us = latencies_.percentile(0.50);
    sample.p99_us = latencies_.percentile(0.99);
    return sample;
}

}  // namespace bench
