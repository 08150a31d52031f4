// SPDX-License-Identifier: MIT
// What an exception that left a run means for the job.
#pragma once

#include <cohort/context.hpp>
#include <cohort/state.hpp>

#include <exception>
#include <optional>
#include <string>

namespace cohort {

struct Failure {
    SettleKind kind = SettleKind::retry;  // retry: if the job's policy has one left
    FailReason reason = FailReason::none;
    std::string error;              // UTF-8, at most 8 KiB
    std::optional<Duration> after;  // the pause that the job itself wants
};

// `stop` is why the run was asked to end, if it was: it tells a cancellation from a failure. lease_lost gives
// released, which the broker will refuse. Never throws but for want of memory.
Failure classify(std::exception_ptr exception, StopReason stop);

}  // namespace cohort
