// SPDX-License-Identifier: MIT
// Pauses between runs, and the limits of a policy.
#include <cohort/error.hpp>
#include <cohort/retry.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace cohort {
namespace {

constexpr Duration longest_timeout = 24h * 3653;  // ten years
constexpr std::uint32_t most_retries = 10'000;
constexpr std::uint32_t most_lost = 100;

[[noreturn]] void refuse(std::string const& field, std::string const& value, std::string const& limit) {
    throw Error{errc::invalid_retry_policy, field + " is " + value + "; must be " + limit};
}

}  // namespace

Duration pause_before(Backoff const& backoff, std::uint32_t retry, double random) noexcept {
    auto const most = static_cast<double>(backoff.max.count());
    double const steps = retry > 1 ? static_cast<double>(retry - 1) : 0.0;
    double const grown = static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, steps);
    // The comparison fails for infinity too, and keeps the conversion within range.
    Duration const bound = grown < most ? Duration{static_cast<Duration::rep>(grown)} : backoff.max;
    if (!backoff.jitter) return bound;

    Duration const least{bound.count() / 10 + (bound.count() % 10 != 0 ? 1 : 0)};
    double const share = std::clamp(random, 0.0, 1.0) * static_cast<double>((bound - least).count());
    return share < static_cast<double>((bound - least).count())
               ? least + Duration{static_cast<Duration::rep>(share)}
               : bound;
}

Duration pause_after_loss(std::uint32_t lost) noexcept {
    constexpr Duration first = 500ms;
    constexpr Duration most = 1min;
    if (lost < 2) return 0s;
    std::uint32_t const doublings = std::min<std::uint32_t>(lost - 2, 16);
    return std::min(most, Duration{first.count() << doublings});
}

std::optional<Duration> next_run(Policy const& policy, std::uint32_t failures, std::optional<Duration> asked,
                                 double random) noexcept {
    if (failures > policy.max_retries) return std::nullopt;
    if (asked) return std::max(*asked, Duration{0});
    return pause_before(policy.backoff, failures, random);
}

void check_policy(Policy const& policy) {
    if (policy.timeout < 0s || policy.timeout > longest_timeout) {
        throw Error{errc::invalid_timeout, "timeout is " + to_string(policy.timeout) +
                                               "; must be > 0 and at most ten years, or 0 for none"};
    }
    if (policy.max_retries > most_retries) {
        refuse("max_retries", std::to_string(policy.max_retries), "in 0.." + std::to_string(most_retries));
    }
    if (policy.max_lost > most_lost) {
        refuse("max_lost", std::to_string(policy.max_lost), "in 0.." + std::to_string(most_lost));
    }
    Backoff const& backoff = policy.backoff;
    if (backoff.initial <= 0s) refuse("backoff.initial", to_string(backoff.initial), "> 0");
    if (!(backoff.factor >= 1.0) || std::isinf(backoff.factor)) {
        refuse("backoff.factor", std::to_string(backoff.factor), ">= 1 and finite");
    }
    if (backoff.max < backoff.initial) {
        refuse("backoff.max", to_string(backoff.max), ">= backoff.initial, " + to_string(backoff.initial));
    }
    if (policy.keep_result < 0s) refuse("keep_result", to_string(policy.keep_result), ">= 0");
    if (policy.keep_error < 0s) refuse("keep_error", to_string(policy.keep_error), ">= 0");
}

}  // namespace cohort
