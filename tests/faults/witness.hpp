// SPDX-License-Identifier: MIT
// Between a worker and its broker: writes every verdict to the ledger, and can cut the worker off, as a dead
// network or a stopped process does.
#pragma once

#include "faults/ledger.hpp"

#include <cohort/broker.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace faults {

class Witness : public cohort::Broker {
public:
    Witness(std::shared_ptr<cohort::Broker> broker, std::shared_ptr<Ledger> ledger, std::string worker);

    // While it is cut nothing gets through, in neither direction; what is under way waits.
    void cut(bool is_cut) noexcept { is_cut_ = is_cut; }

    cohort::Capabilities const& capabilities() const noexcept override { return broker_->capabilities(); }
    std::string_view name() const noexcept override { return broker_->name(); }
    cohort::awaitable<std::vector<cohort::PushResult>> push(std::vector<cohort::NewJob> jobs) override;
    cohort::awaitable<void> enlist(cohort::WorkerInfo worker) override;
    cohort::awaitable<cohort::BeatReply> renew(cohort::Beat beat) override;
    cohort::awaitable<void> retire(std::string incarnation) override;
    cohort::awaitable<cohort::ClaimReply> claim(cohort::ClaimParams params) override;
    cohort::awaitable<std::vector<cohort::Verdict>>
    settle(std::vector<cohort::Settlement> settlements) override;
    cohort::awaitable<std::vector<cohort::CancelVerdict>> cancel(std::vector<cohort::JobRef> refs) override;
    cohort::awaitable<std::vector<std::optional<cohort::JobRecord>>>
    status(std::vector<cohort::JobRef> refs) override;
    cohort::awaitable<std::vector<cohort::Ending>> results(std::vector<cohort::JobRef> refs) override;
    cohort::awaitable<std::vector<cohort::EndedJob>> watch(cohort::WatchParams params) override;
    cohort::awaitable<cohort::UpkeepReply> upkeep(cohort::UpkeepParams params) override;
    cohort::Inspector* inspector() noexcept override { return broker_->inspector(); }
    void close() noexcept override { broker_->close(); }

private:
    cohort::awaitable<void> gate();
    template<class T>
    cohort::awaitable<T> pass(cohort::awaitable<T> call);

    std::shared_ptr<cohort::Broker> const broker_;
    std::shared_ptr<Ledger> const ledger_;
    std::string const worker_;
    std::atomic<bool> is_cut_ = false;
};

}  // namespace faults
