// SPDX-License-Identifier: MIT
// A broker that hands everything on to another one; a test overrides what it wants to disturb.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/inspector.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

class ProxyBroker : public cohort::Broker {
public:
    template<class T>
    using awaitable = cohort::awaitable<T>;

    explicit ProxyBroker(std::shared_ptr<cohort::Broker> inner) : inner_{std::move(inner)} {}

    cohort::Capabilities const& capabilities() const noexcept override { return inner_->capabilities(); }
    std::string_view name() const noexcept override { return inner_->name(); }
    awaitable<std::vector<cohort::PushResult>> push(std::vector<cohort::NewJob> jobs) override {
        return inner_->push(std::move(jobs));
    }
    awaitable<void> enlist(cohort::WorkerInfo worker) override { return inner_->enlist(std::move(worker)); }
    awaitable<cohort::BeatReply> renew(cohort::Beat beat) override { return inner_->renew(std::move(beat)); }
    awaitable<void> retire(std::string incarnation) override {
        return inner_->retire(std::move(incarnation));
    }
    awaitable<cohort::ClaimReply> claim(cohort::ClaimParams params) override {
        return inner_->claim(std::move(params));
    }
    awaitable<std::vector<cohort::Verdict>> settle(std::vector<cohort::Settlement> settlements) override {
        return inner_->settle(std::move(settlements));
    }
    awaitable<std::vector<cohort::CancelVerdict>> cancel(std::vector<cohort::JobRef> refs) override {
        return inner_->cancel(std::move(refs));
    }
    awaitable<std::vector<bool>> forget(std::vector<cohort::JobRef> refs) override {
        return inner_->forget(std::move(refs));
    }
    awaitable<std::vector<std::optional<cohort::JobRecord>>>
    status(std::vector<cohort::JobRef> refs) override {
        return inner_->status(std::move(refs));
    }
    awaitable<std::vector<cohort::Ending>> results(std::vector<cohort::JobRef> refs) override {
        return inner_->results(std::move(refs));
    }
    awaitable<std::vector<cohort::EndedJob>> watch(cohort::WatchParams params) override {
        return inner_->watch(std::move(params));
    }
    awaitable<cohort::UpkeepReply> upkeep(cohort::UpkeepParams params) override {
        return inner_->upkeep(std::move(params));
    }
    cohort::Inspector* inspector() noexcept override { return inner_->inspector(); }
    void close() noexcept override { inner_->close(); }

protected:
    cohort::Broker& inner() noexcept { return *inner_; }

private:
    std::shared_ptr<cohort::Broker> inner_;
};

}  // namespace support
