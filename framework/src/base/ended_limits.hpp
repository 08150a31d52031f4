// SPDX-License-Identifier: MIT
// How much of jobs that have ended a queue keeps, beside how long it keeps each.
#pragma once

#include <cohort/record.hpp>
#include <cohort/url.hpp>

#include <cstdint>

namespace cohort {

// For the jobs of a queue that succeeded, and once more for all others: so many successes push out no
// failure that somebody has yet to look at. Upkeep removes what is beyond, first what would go first anyway.
struct EndedLimits {
    static constexpr std::uint64_t none = std::uint64_t{1} << 53;  // exact in every store, and never reached

    std::uint64_t jobs = 1'000'000;
    std::uint64_t bytes = std::uint64_t{1} << 30;  // of arguments, results and errors

    bool are_exceeded(std::uint64_t kept_jobs, std::uint64_t kept_bytes) const noexcept {
        return kept_jobs > jobs || kept_bytes > bytes;
    }
};

// What a job that has ended counts for.
inline std::uint64_t ended_bytes(JobRecord const& record) noexcept {
    return record.arguments.size() + record.result.size() + record.error.size();
}

// Of the parameters max_ended and max_ended_bytes, which each broker that keeps ended jobs knows. Throws
// Error(errc::invalid_url).
EndedLimits read_ended_limits(Url const& url);

}  // namespace cohort
