// SPDX-License-Identifier: MIT
// A broker that is none of ours, written against the public headers alone, is held against the same promises:
// it keeps the arguments of jobs sealed, in a store that cannot read them.
#include "brokers/conformance/suite.hpp"
#include "brokers/conformance/virtual_rig.hpp"
#include "memory/memory.hpp"
#include "support/proxy_broker.hpp"

#include <cohort/id.hpp>

#include <algorithm>

namespace cohort::conformance {

namespace {

// What seals here is only an example: it has to be undone, and to hide the text.
std::string turned(std::string text) {
    std::reverse(text.begin(), text.end());
    return text;
}

class SealingBroker : public support::ProxyBroker {
public:
    explicit SealingBroker(std::shared_ptr<Broker> inner) : ProxyBroker{std::move(inner)} {
        capabilities_ = this->inner().capabilities();
        // Operators see sealed arguments, so there is no view for them.
        capabilities_.inspect = capabilities_.max_length = capabilities_.lookup_by_id = false;
    }

    Capabilities const& capabilities() const noexcept override { return capabilities_; }
    std::string_view name() const noexcept override { return "sealed:"; }
    Inspector* inspector() noexcept override { return nullptr; }

    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) override {
        for (auto& job : jobs)
            job.arguments = turned(std::move(job.arguments));
        auto pushing = inner().push(std::move(jobs));
        auto results = co_await std::move(pushing);
        co_return results;
    }
    awaitable<BeatReply> renew(Beat beat) override {
        auto asking = inner().renew(std::move(beat));
        BeatReply reply = co_await std::move(asking);
        for (auto& job : reply.strays)
            job.arguments = turned(std::move(job.arguments));
        co_return reply;
    }
    awaitable<ClaimReply> claim(ClaimParams params) override {
        auto asking = inner().claim(std::move(params));
        ClaimReply reply = co_await std::move(asking);
        for (auto& job : reply.jobs)
            job.arguments = turned(std::move(job.arguments));
        co_return reply;
    }
    awaitable<std::vector<std::optional<JobRecord>>> status(std::vector<JobRef> refs) override {
        auto asking = inner().status(std::move(refs));
        auto records = co_await std::move(asking);
        for (auto& job : records) {
            if (job) job->arguments = turned(std::move(job->arguments));
        }
        co_return records;
    }

private:
    Capabilities capabilities_;
};

class SealedRig : public VirtualRig {
public:
    std::shared_ptr<Broker> open(std::string const& space) override {
        std::string const url =
            "memory:" + name_ + "?namespace=" + space + (parameters.empty() ? "" : "&" + parameters);
        return std::make_shared<SealingBroker>(memory::open(parse_url(url), clock()));
    }

private:
    std::string const name_ = random_id();
};

AddWay const added_sealed{"sealed", []() -> std::unique_ptr<Rig> { return std::make_unique<SealedRig>(); },
                          "[S34]"};

}  // namespace

}  // namespace cohort::conformance
