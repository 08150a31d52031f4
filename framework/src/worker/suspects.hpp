// SPDX-License-Identifier: MIT
// Jobs that a worker does not run although it has claimed them; above all those that must have one for
// themselves.
#pragma once

#include "worker/shared.hpp"

namespace cohort {

// A release: uncounted, due at once.
Settlement hand_back(JobRecord const& job);
void hand_back_all(Worker::Shared& shared, std::vector<JobRecord> const& jobs);

// In the last run that its max_lost allows. When its worker dies once more it has failed for good, and it
// must be the one to blame then, and not what happened to run beside it.
bool is_suspect(JobRecord const& job) noexcept;

// What of these is to be run now. A suspect runs in a worker that runs and holds nothing else: an idle one
// takes the first and hands back all that came with it, and this returns when the broker knows. A busy one
// hands suspects back, for longer each time; when that has been in vain for a while it makes room, and claims
// nothing until it is idle. What still runs when `alone` has passed must put up with it: one suspect begins
// beside it, and nothing else, and never beside another one.
awaitable<std::vector<JobRecord>> set_suspects_apart(Worker::Shared& shared, std::vector<JobRecord> jobs);

}  // namespace cohort
