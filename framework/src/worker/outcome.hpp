// SPDX-License-Identifier: MIT
// From the way a body ended to what the broker is told.
#pragma once

#include "worker/run.hpp"

#include <cohort/state.hpp>

#include <exception>

namespace cohort {

Settlement succeeded_run(Run& run);
// Classifies the exception and applies the job's retry policy.
Settlement failed_run(Run& run, std::exception_ptr const& error);
// A body that was given up: by its stop reason.
Settlement stopped_run(Run& run);

}  // namespace cohort
