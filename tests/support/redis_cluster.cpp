// SPDX-License-Identifier: MIT
#include "support/redis_cluster.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

// The nodes talk to each other on a port 10,000 above.
int free_port_pair() {
    for (;;) {
        int const port = free_port();
        if (is_free(port + 10'000)) return port;
    }
}

std::string at(int port) {
    return "127.0.0.1:" + std::to_string(port);
}

}  // namespace

RedisCluster::RedisCluster(std::size_t replicas, std::vector<std::string> const& options,
                           Transport transport) {
    // Where nobody could take over, a machine that is busy must not look like a dead node.
    std::string const silence = replicas == 0 ? "30000" : "1000";
    for (std::size_t i = 0; i < 3 + replicas; ++i) {
        ports_.push_back(free_port_pair());
        bool const is_plain = transport == Transport::plain;
        std::vector<std::string> all{is_plain ? "--port" : "--tls-port",
                                     std::to_string(ports_[i]),
                                     "--cluster-enabled",
                                     "yes",
                                     "--bind",
                                     "127.0.0.1",
                                     "--cluster-node-timeout",
                                     silence,
                                     "--cluster-config-file",
                                     "nodes.conf",
                                     "--repl-diskless-sync-delay",
                                     "0"};
        if (!is_plain) all.insert(all.end(), {"--tls-cluster", "yes", "--tls-replication", "yes"});
        all.insert(all.end(), options.begin(), options.end());
        nodes_.push_back(std::make_unique<RedisServer>(all));
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i]->ask("CLUSTER SET-CONFIG-EPOCH " + std::to_string(i + 1));
        if (i < 3) {
            auto const first = i * slots_each;
            auto const last = std::min<std::size_t>(first + slots_each, 16384) - 1;
            nodes_[i]->ask("CLUSTER ADDSLOTS $(seq " + std::to_string(first) + " " + std::to_string(last) +
                           ")");
        }
        if (i > 0) nodes_[0]->ask("CLUSTER MEET 127.0.0.1 " + std::to_string(ports_[i]));
    }
    await_state("cluster_known_nodes:" + std::to_string(nodes_.size()));
    for (std::size_t i = 3; i < nodes_.size(); ++i) {
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (nodes_[i]->ask("CLUSTER REPLICATE " + id(i - 3)) != "OK") {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"no replica"};
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }
    await_state("cluster_state:ok");
}

std::string RedisCluster::hosts() const {
    return at(ports_[0]) + "," + at(ports_[1]) + "," + at(ports_[2]);
}

void RedisCluster::await_state(std::string const& text) const {
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    auto const has_it = [&](auto const& node) {
        return !node->is_running() || node->ask("CLUSTER INFO").find(text) != std::string::npos;
    };
    while (!std::ranges::all_of(nodes_, has_it)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error{"the cluster never says " + text + ": " +
                                     nodes_[0]->ask("CLUSTER INFO")};
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

}  // namespace support
