// SPDX-License-Identifier: MIT
// Sleeping in a coroutine.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

namespace cohort {

// Resumes after `span` on the same executor; in a testing::Loop that costs no time. A negative span is zero.
// Cancellation ends it with Asio's operation_aborted.
awaitable<void> sleep_for(Duration span);

}  // namespace cohort
