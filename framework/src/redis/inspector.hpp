// SPDX-License-Identifier: MIT
// The operator's view of a Redis server's queues.
#pragma once

#include "redis/core.hpp"

#include <cohort/inspector.hpp>

namespace cohort::redis {

class RedisInspector : public Inspector {
public:
    explicit RedisInspector(std::shared_ptr<Core> core) : core_{std::move(core)} {}

    awaitable<std::vector<QueueInfo>> queues() override;
    awaitable<void> configure(std::string queue, QueueOptions options) override;
    awaitable<void> pause(std::string queue) override;
    awaitable<void> resume(std::string queue) override;
    awaitable<ListPage> list(ListParams params) override;
    awaitable<std::optional<JobRecord>> find_by_id(std::string id) override;
    awaitable<std::uint64_t> purge(std::string queue, std::vector<JobState> states) override;
    awaitable<std::vector<bool>> requeue(std::vector<JobRef> refs) override;
    awaitable<std::vector<WorkerInfo>> workers() override;
    awaitable<std::vector<std::string>> audit() override;

private:
    std::shared_ptr<Core> core_;
};

}  // namespace cohort::redis
