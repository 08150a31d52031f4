// SPDX-License-Identifier: MIT
// The broker on a Redis server: each verb asks with the scripts of its transitions, a call for each queue.
#pragma once

#include "redis/core.hpp"
#include "redis/inspector.hpp"

namespace cohort::redis {

class RedisBroker : public Broker {
public:
    explicit RedisBroker(Config config);
    ~RedisBroker() override;

    Capabilities const& capabilities() const noexcept override;
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
    Inspector* inspector() noexcept override { return &inspector_; }
    void close() noexcept override { core_->close(); }

    std::shared_ptr<Core> const& core() const noexcept { return core_; }

private:
    std::shared_ptr<Core> const core_;
    RedisInspector inspector_{core_};
};

}  // namespace cohort::redis
