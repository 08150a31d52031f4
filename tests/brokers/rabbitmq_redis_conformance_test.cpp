// SPDX-License-Identifier: MIT
// RabbitMQ with its jobs on a Redis server keeps every promise of the contract.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/conformance/suite.hpp"
#include "rabbitmq/rabbitmq.hpp"
#include "redis/redis.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/redis_server.hpp"

#include <cohort/id.hpp>

namespace cohort::conformance {

namespace {

class RabbitRedisRig : public RealRig {
public:
    ~RabbitRedisRig() override { drop_broker(); }

    std::shared_ptr<Broker> open(std::string const& space) override {
        static support::RedisServer const server;
        std::string const store = server.url() + "?poll=50ms&namespace=" + space_ + space +
                                  (parameters.empty() ? "" : "&" + parameters);
        std::string const url = support::rabbitmq_url() + "?poll=50ms&namespace=" + space_ + space;
        auto const open_store = [&] { return redis::open(parse_url(store), clock()); };
        return rabbitmq::open_on_store(parse_url(url), open_store, clock());
    }

private:
    std::string const space_ = random_id();
};

[[maybe_unused]] AddWay const added_rabbitmq_redis{
    "rabbitmq+redis", []() -> std::unique_ptr<Rig> { return std::make_unique<RabbitRedisRig>(); }, "",
    [] {
        if (support::rabbitmq_url().empty()) return "no rabbitmq-server runs for the tests";
        return support::RedisServer::is_installed() ? "" : "redis-server is not installed";
    }};

}  // namespace

}  // namespace cohort::conformance
