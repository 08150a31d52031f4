// SPDX-License-Identifier: MIT
// The broker on a RabbitMQ server keeps every promise of the contract that needs no records, also with three
// priorities.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/conformance/suite.hpp"
#include "rabbitmq/rabbitmq.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/id.hpp>

namespace cohort::conformance {

namespace {

// One server for the whole run; each rig has a namespace of its own on it.
class RabbitRig : public RealRig {
public:
    explicit RabbitRig(std::string others = {}) : others_{std::move(others)} {}
    ~RabbitRig() override { drop_broker(); }

    std::shared_ptr<Broker> open(std::string const& space) override {
        std::string url = support::rabbitmq_url();
        // No server: what needs none can still be asked.
        if (url.empty()) url = "amqp://localhost:1";
        return rabbitmq::open(parse_url(url + "?namespace=" + space_ + space + others_), clock());
    }

    // Leases follow the rig's clock. The server has its own, which nobody can move: where a promise speaks of
    // seconds, they pass.
    void advance(Duration span) override {
        RealRig::advance(span);
        if (span < 1s || span > 5s) return;
        bool is_over = false;
        auto const until = std::chrono::steady_clock::now() + span;
        while (!is_over) {
            context().restart();
            context().run_one_until(until);
            is_over = std::chrono::steady_clock::now() >= until;
        }
    }

private:
    std::string const others_;  // "&priorities=3"
    std::string const space_ = random_id();
};

char const* why_skipped() {
    return support::rabbitmq_url().empty() ? "no rabbitmq-server runs for the tests" : "";
}

[[maybe_unused]] AddBackend const added_rabbitmq{
    "rabbitmq", []() -> std::unique_ptr<Rig> { return std::make_unique<RabbitRig>(); }, &why_skipped};

[[maybe_unused]] AddWay const added_priorities{
    "rabbitmq+priorities",
    []() -> std::unique_ptr<Rig> { return std::make_unique<RabbitRig>("&priorities=3"); }, "", &why_skipped};

}  // namespace

}  // namespace cohort::conformance
