// SPDX-License-Identifier: MIT
// The broker on a Redis server keeps every promise of the contract.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/conformance/suite.hpp"
#include "redis/redis.hpp"
#include "support/redis_server.hpp"

#include <cohort/id.hpp>

#include <iostream>

namespace cohort::conformance {

namespace {

// One server for the whole run; each rig has a namespace of its own on it.
support::RedisServer& server() {
    static support::RedisServer one;
    return one;
}

class RedisRig : public RealRig {
public:
    ~RedisRig() override { drop_broker(); }

    std::shared_ptr<Broker> open(std::string const& space) override {
        // The server's own waits know nothing of the rig's clock: a short poll makes them look at it.
        std::string const url = server().url("poll=50ms&namespace=" + space_ + space);
        return redis::open(parse_url(url), clock());
    }

private:
    std::string const space_ = random_id();
};

bool add() {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed, so the Redis broker is not asked to keep its "
                     "promises\n";
        return false;
    }
    static AddBackend const added_redis{
        "redis", []() -> std::unique_ptr<Rig> { return std::make_unique<RedisRig>(); }};
    return true;
}

[[maybe_unused]] bool const added_redis = add();

}  // namespace

}  // namespace cohort::conformance
