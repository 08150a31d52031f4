// SPDX-License-Identifier: MIT
// Jobs on a Redis server of the scenario's own, and workers called by the RabbitMQ server of the run.
#include "faults/rabbit_way.hpp"
#include "faults/redis_store.hpp"

namespace faults {

namespace {

class RabbitRedisStore : public RabbitWay, public RedisStore {
public:
    explicit RabbitRedisStore(StoreParams const& params)
        : RabbitWay{"poll=1s&timeout=2s"}, RedisStore{params, space()} {}

    std::string url() const override { return way(RedisStore::url()); }
};

AddBackend const added_rabbitmq_redis{"rabbitmq+redis",
                                      [](StoreParams const& params) -> std::unique_ptr<Store> {
                                          return std::make_unique<RabbitRedisStore>(params);
                                      },
                                      [] {
                                          if (support::rabbitmq_url().empty())
                                              return "no rabbitmq-server runs for the tests";
                                          return support::RedisServer::is_installed()
                                                     ? ""
                                                     : "redis-server is not installed";
                                      }};

}  // namespace

}  // namespace faults
