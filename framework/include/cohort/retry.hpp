// SPDX-License-Identifier: MIT
// When does a failed job run again? Pure functions: no clock, no random numbers of their own.
#pragma once

#include <cohort/time.hpp>

#include <cstdint>
#include <optional>

namespace cohort {

// Exponential, with full jitter: the pause before retry n is random in [0, min(max, initial · factor^(n-1))],
// never below a tenth of it, so that a thousand jobs that failed together do not come back together.
struct Backoff {
    Duration initial = 1s;  // > 0
    double factor = 2.0;    // >= 1; 1 gives a constant pause
    Duration max = 1h;      // >= initial
    bool jitter = true;     // false: exactly the bound

    bool operator==(Backoff const&) const = default;
};

// A job counts as stored when so many replicas of its server have it; for brokers with the capability
// `replicas`.
struct Replicas {
    std::uint32_t count = 1;  // 1..100
    Duration within = 1s;  // > 0. Fewer by then: `uncertain`, with their number; ask again with the same id
};

// How often, how long and for how long: travels with each job.
struct Policy {
    std::uint32_t max_retries = 0;  // runs after the first that failed with an exception or a timeout
    std::uint32_t max_lost = 3;  // runs after one whose worker died; beyond it the job is dead (poison limit)
    Duration timeout = 0s;       // of one run; 0 = none
    Backoff backoff;
    Duration keep_result = 24h;      // how long a success is kept; 0 = not at all
    Duration keep_error = 24h * 14;  // how long a failed, cancelled or expired job is kept; 0 = not at all

    bool operator==(Policy const&) const = default;
};

// The pause before retry number `retry` (1, 2, …). `random` is in [0, 1).
Duration pause_before(Backoff const& backoff, std::uint32_t retry, double random) noexcept;

// The pause before a job whose worker was lost `lost` times (1, 2, …) runs again. None after the first loss,
// which is rarely the job's fault; then 500 ms · 2^(lost-2), at most a minute, so that a job that kills
// workers cannot keep killing them at full speed.
Duration pause_after_loss(std::uint32_t lost) noexcept;

// After a failure: the pause before the next run, or nothing when the retries are used up. `failures` counts
// this one. `asked` is the pause that the job itself wanted (Retry{after}); it wins over the backoff.
std::optional<Duration> next_run(Policy const& policy, std::uint32_t failures, std::optional<Duration> asked,
                                 double random) noexcept;

// Throws Error: invalid_retry_policy, invalid_timeout, naming the field, its value and the limit.
void check_policy(Policy const& policy);

}  // namespace cohort
