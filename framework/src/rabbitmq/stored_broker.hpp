// SPDX-License-Identifier: MIT
// The broker on a RabbitMQ server with a store: all verbs are the store's, and tickets say when to look
// there.
#pragma once

#include "rabbitmq/stored_core.hpp"
#include "rabbitmq/stored_inspector.hpp"

namespace cohort::rabbitmq {

class StoredBroker : public Broker {
public:
    StoredBroker(Config config, std::shared_ptr<Broker> store);
    ~StoredBroker() override;

    Capabilities const& capabilities() const noexcept override { return capabilities_; }
    std::string_view name() const noexcept override { return core_->config.masked; }

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
    Inspector* inspector() noexcept override { return inspector_.get(); }
    void close() noexcept override;

private:
    StoredCorePtr const core_;
    Capabilities const capabilities_;
    std::unique_ptr<StoredInspector> const inspector_;  // null where the store has none
};

// Looks into the store, and waits for tickets in between.
awaitable<ClaimReply> claim_from_store(StoredCorePtr core, ClaimParams params);

}  // namespace cohort::rabbitmq
