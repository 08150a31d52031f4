// SPDX-License-Identifier: MIT
#include "worker/ticks.hpp"

#include <algorithm>
#include <utility>

namespace cohort {

Ticks::Ticks(Schedule when, Duration catch_up) : when_{std::move(when)}, catch_up_{catch_up} {}

std::optional<Instant> Ticks::due(Instant now) {
    if (now < last_look_) done_ = std::min(done_, now);
    last_look_ = now;
    auto const oldest = add(now, -catch_up_ - 1us);
    return when_.last(now, std::max(done_, oldest));
}

void Ticks::done(Instant tick) {
    done_ = std::max(done_, tick);
}

Duration Ticks::pause(Instant now) const {
    Instant const next = when_.next(now);
    return next == never ? longest_sleep : std::min<Duration>(next - now, longest_sleep);
}

}  // namespace cohort
