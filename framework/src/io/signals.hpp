// SPDX-License-Identifier: MIT
// Signals of the process, as something to await.
#pragma once

#include <cohort/awaitable.hpp>

namespace cohort::io {

// Ends when the process receives SIGINT or SIGTERM, and says which. From the first call on these signals no
// longer end the process by themselves. Honours terminal cancellation.
awaitable<int> next_stop_signal();

}  // namespace cohort::io
