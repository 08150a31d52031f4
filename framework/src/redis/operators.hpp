// SPDX-License-Identifier: MIT
// The inspector's verbs. They own what they use.
#pragma once

#include "redis/verbs.hpp"

#include <cohort/inspector.hpp>

namespace cohort::redis {

awaitable<std::vector<QueueInfo>> queue_infos(CorePtr core);
awaitable<void> configure(CorePtr core, std::string queue, QueueOptions options);
awaitable<void> pause(CorePtr core, std::string queue);
awaitable<void> resume(CorePtr core, std::string queue);
awaitable<ListPage> list(CorePtr core, ListParams params);
awaitable<std::optional<JobRecord>> find_by_id(CorePtr core, std::string id);
awaitable<std::uint64_t> purge(CorePtr core, std::string queue, std::vector<JobState> states);
awaitable<std::vector<bool>> requeue(CorePtr core, std::vector<JobRef> refs);
awaitable<std::vector<WorkerInfo>> workers(CorePtr core);
awaitable<std::vector<std::string>> audit(CorePtr core);

}  // namespace cohort::redis
