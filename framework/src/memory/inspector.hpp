// SPDX-License-Identifier: MIT
// The operator's view of the in-process store.
#pragma once

#include "memory/store.hpp"

#include <cohort/inspector.hpp>

namespace cohort::memory {

class MemoryInspector : public Inspector {
public:
    MemoryInspector(std::shared_ptr<Store> store, std::shared_ptr<Door> door)
        : store_{std::move(store)}, door_{std::move(door)} {}

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
    std::shared_ptr<Store> store_;
    std::shared_ptr<Door> door_;
};

}  // namespace cohort::memory
