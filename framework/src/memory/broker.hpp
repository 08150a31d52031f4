// SPDX-License-Identifier: MIT
// The in-process broker: waits around the atomic steps of the store.
#pragma once

#include "memory/inspector.hpp"
#include "memory/store.hpp"

namespace cohort::memory {

class MemoryBroker : public Broker {
public:
    MemoryBroker(std::shared_ptr<Store> store, std::string name, EndedLimits limits);
    ~MemoryBroker() override;

    Capabilities const& capabilities() const noexcept override;
    std::string_view name() const noexcept override { return name_; }

    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) override;
    awaitable<void> enlist(WorkerInfo worker) override;
    awaitable<BeatReply> renew(Beat beat) override;
    awaitable<void> retire(std::string incarnation) override;
    awaitable<ClaimReply> claim(ClaimParams params) override;
    awaitable<std::vector<Verdict>> settle(std::vector<Settlement> settlements) override;
    awaitable<std::vector<CancelVerdict>> cancel(std::vector<JobRef> refs) override;
    awaitable<std::vector<bool>> forget(std::vector<JobRef> refs) override;
    awaitable<std::vector<std::optional<JobRecord>>> status(std::vector<JobRef> refs) override;
    awaitable<std::vector<Ending>> results(std::vector<JobRef> refs) override;
    awaitable<std::vector<EndedJob>> watch(WatchParams params) override;
    awaitable<UpkeepReply> upkeep(UpkeepParams params) override;
    Inspector* inspector() noexcept override { return &inspector_; }
    void close() noexcept override { store_->close(*door_); }

private:
    std::shared_ptr<Store> store_;
    std::shared_ptr<Door> door_;
    std::string name_;
    MemoryInspector inspector_{store_, door_};
};

}  // namespace cohort::memory
