// SPDX-License-Identifier: MIT
// The broker on a RabbitMQ server, seen from all threads.
#pragma once

#include "io/loop.hpp"
#include "rabbitmq/engine.hpp"
#include "rabbitmq/hop.hpp"

#include <atomic>

namespace cohort::rabbitmq {

// What outlives the broker while verbs are under way.
struct Core {
    explicit Core(Config its_config)
        : config{std::move(its_config)}, engine{std::make_shared<Engine>(loop.executor(), config)} {}

    Config const config;
    io::Loop loop{"cohort-rabbitmq"};
    std::shared_ptr<Engine> engine;
    std::atomic<bool> is_closed{false};
};

class RabbitBroker : public Broker {
public:
    explicit RabbitBroker(Config config);
    ~RabbitBroker() override;

    Capabilities const& capabilities() const noexcept override { return capabilities_; }
    std::string_view name() const noexcept override { return core_->config.masked; }
    std::shared_ptr<Core> const& core() const noexcept { return core_; }

    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) override;
    awaitable<void> enlist(WorkerInfo worker) override;
    awaitable<BeatReply> renew(Beat beat) override;
    awaitable<void> retire(std::string incarnation) override;
    awaitable<ClaimReply> claim(ClaimParams params) override;
    awaitable<std::vector<Verdict>> settle(std::vector<Settlement> settlements) override;
    awaitable<std::vector<CancelVerdict>> cancel(std::vector<JobRef> refs) override;
    awaitable<std::vector<std::optional<JobRecord>>> status(std::vector<JobRef> refs) override;
    awaitable<std::vector<Ending>> results(std::vector<JobRef> refs) override;
    awaitable<std::vector<EndedJob>> watch(WatchParams params) override;
    awaitable<UpkeepReply> upkeep(UpkeepParams params) override;
    Inspector* inspector() noexcept override { return nullptr; }
    void close() noexcept override;

private:
    std::shared_ptr<Core> const core_;
    Capabilities const capabilities_;
};

}  // namespace cohort::rabbitmq
