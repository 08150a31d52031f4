// SPDX-License-Identifier: MIT
// Signals of the process, as something to await.
#pragma once

#include <cohort/awaitable.hpp>

namespace cohort::io {

// From now on the first of SIGINT and SIGTERM is kept for next_stop_signal(), and a second one ends the
// process at once. For the beginning of main(): before it either of them ends the process.
void keep_stop_signals() noexcept;

// Ends when the process receives SIGINT or SIGTERM, or one was kept, and says which. Meanwhile these signals
// do not end the process by themselves. Honours terminal cancellation.
awaitable<int> next_stop_signal();

}  // namespace cohort::io
