// SPDX-License-Identifier: MIT
// The store's own view, for operators; what makes jobs wait again is told to workers.
#pragma once

#include <cohort/inspector.hpp>

#include <memory>

namespace cohort::rabbitmq {

struct StoredCore;

class StoredInspector : public Inspector {
public:
    explicit StoredInspector(std::shared_ptr<StoredCore> core) : core_{std::move(core)} {}

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
    Inspector& store() const noexcept;

    std::shared_ptr<StoredCore> const core_;
};

}  // namespace cohort::rabbitmq
