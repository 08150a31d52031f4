// SPDX-License-Identifier: MIT
// A cluster of the test's own: three nodes that share the slots, and replicas of them where a test wants
// some.
#pragma once

#include "support/redis_server.hpp"

#include <memory>

namespace support {

class RedisCluster {
public:
    enum class Transport { plain, tls };
    // So many more nodes are replicas: of the first, then the second, … Waits until all agree. With TLS the
    // options name the certificates, and nothing goes over TCP without it. Throws std::runtime_error.
    explicit RedisCluster(std::size_t replicas = 0, std::vector<std::string> const& options = {},
                          Transport transport = Transport::plain);

    // "127.0.0.1:7001,127.0.0.1:7002,…": the three.
    std::string hosts() const;
    std::string url(std::string const& parameters = {}) const {
        return "redis+cluster://" + hosts() + (parameters.empty() ? "" : "?" + parameters);
    }
    RedisServer& node(std::size_t index) { return *nodes_.at(index); }
    int port(std::size_t index) const { return ports_.at(index); }
    std::string id(std::size_t index) const { return nodes_.at(index)->ask("CLUSTER MYID"); }
    std::size_t size() const noexcept { return nodes_.size(); }
    // The one of the three that has the slot at first.
    static std::size_t home(int slot) noexcept { return static_cast<std::size_t>(slot) / slots_each; }
    // Of the key, as the servers say.
    int slot_of(std::string const& key) const {
        return std::stoi(nodes_[0]->ask("CLUSTER KEYSLOT '" + key + "'"));
    }
    // Waits until this is in what every living node says of the cluster.
    void await_state(std::string const& text) const;

private:
    static constexpr std::size_t slots_each = 5462;
    std::vector<std::unique_ptr<RedisServer>> nodes_;
    std::vector<int> ports_;
};

}  // namespace support
