// SPDX-License-Identifier: MIT
// The broker on a Redis server keeps every promise of the contract, also over TLS, on a cluster and behind
// sentinels.
#include "brokers/conformance/real_rig.hpp"
#include "brokers/conformance/suite.hpp"
#include "redis/redis.hpp"
#include "support/certificates.hpp"
#include "support/redis_cluster.hpp"
#include "support/redis_sentinels.hpp"

#include <cohort/id.hpp>

#include <iostream>

namespace cohort::conformance {

namespace {

// One server for the whole run; each rig has a namespace of its own on it.
std::string plain_url() {
    static support::RedisServer const server;
    return server.url();
}

std::string valkey_url() {
    static auto const server = support::RedisServer::of("valkey-server");
    return server->url();
}

std::string keydb_url() {
    static auto const server = support::RedisServer::of("keydb-server");
    return server->url();
}

std::string tls_url() {
    static support::Certificates const certificates;
    static std::string const port = std::to_string(support::free_port());
    auto options = certificates.server_options();
    options.insert(options.end(), {"--tls-port", port});
    static support::RedisServer const server{options};
    return "rediss://localhost:" + port + "?ca=" + certificates.file("ca.crt");
}

std::string cluster_url() {
    static support::RedisCluster const cluster;
    return cluster.url();
}

std::string sentinel_url() {
    // A machine that is busy with other tests must not look like a dead server.
    static support::RedisSentinels const sentinels{60'000};
    return sentinels.url();
}

class RedisRig : public RealRig {
public:
    explicit RedisRig(std::string url) : url_{std::move(url)} {}
    ~RedisRig() override { drop_broker(); }

    std::shared_ptr<Broker> open(std::string const& space) override {
        // The server's own waits know nothing of the rig's clock: a short poll makes them look at it.
        char const separator = url_.find('?') == std::string::npos ? '?' : '&';
        std::string const url = url_ + separator + "poll=50ms&namespace=" + space_ + space;
        return redis::open(parse_url(url), clock());
    }

private:
    std::string const url_;
    std::string const space_ = random_id();
};

template<auto url>
std::unique_ptr<Rig> make_rig() {
    return std::make_unique<RedisRig>(url());
}

bool add() {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed, so the Redis broker is not asked to keep its "
                     "promises\n";
        return false;
    }
    static AddBackend const added_redis{"redis", &make_rig<plain_url>};
    // Where they are found on the PATH; they speak the same protocol.
    if (support::RedisServer::is_installed("valkey-server"))
        static AddWay const added_valkey{"valkey", &make_rig<valkey_url>};
    if (support::RedisServer::is_installed("keydb-server"))
        static AddWay const added_keydb{"keydb", &make_rig<keydb_url>};
    static AddWay const added_tls{"redis-tls", &make_rig<tls_url>};
    static AddWay const added_cluster{"redis-cluster", &make_rig<cluster_url>};
    static AddWay const added_sentinel{"redis-sentinel", &make_rig<sentinel_url>};
    return true;
}

[[maybe_unused]] bool const added_redis = add();

}  // namespace

}  // namespace cohort::conformance
