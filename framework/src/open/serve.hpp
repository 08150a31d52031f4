// SPDX-License-Identifier: MIT
// A worker that obeys the signals of its process.
#pragma once

#include <cohort/worker.hpp>

namespace cohort {

// Runs it until SIGINT or SIGTERM; running jobs then finish, or are handed back. A second signal ends the
// process at once.
awaitable<void> serve(Worker& worker);

}  // namespace cohort
