// SPDX-License-Identifier: MIT
// RabbitMQ with its jobs in an SQLite file keeps every promise of the contract.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/conformance/suite.hpp"
#include "rabbitmq/rabbitmq.hpp"
#include "sqlite/sqlite.hpp"
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"

#include <cohort/id.hpp>

namespace cohort::conformance {

namespace {

class RabbitSqliteRig : public RealRig {
public:
    ~RabbitSqliteRig() override { drop_broker(); }

    std::shared_ptr<Broker> open(std::string const& space) override {
        std::string const file = "sqlite:" + directory_.file("queue.db") + "?durability=normal" +
                                 (space.empty() ? "" : "&namespace=" + space) +
                                 (parameters.empty() ? "" : "&" + parameters);
        std::string url = support::rabbitmq_url();
        // No server: what needs none can still be asked.
        if (url.empty()) url = "amqp://localhost:1";
        // The server knows nothing of the rig's clock: a short poll makes claims look at it.
        url += "?poll=50ms&namespace=" + space_ + space;
        auto const open_store = [&] { return sqlite::open(parse_url(file), clock()); };
        return rabbitmq::open_on_store(parse_url(url), open_store, clock());
    }

private:
    support::TempDir const directory_;
    std::string const space_ = random_id();
};

[[maybe_unused]] AddBackend const added_rabbitmq_sqlite{
    "rabbitmq+sqlite", []() -> std::unique_ptr<Rig> { return std::make_unique<RabbitSqliteRig>(); },
    [] { return support::rabbitmq_url().empty() ? "no rabbitmq-server runs for the tests" : ""; }};

}  // namespace

}  // namespace cohort::conformance
