// SPDX-License-Identifier: MIT
#include "support/redis_sentinels.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>

namespace support {
namespace {

void await(std::function<bool()> const& is_so, std::string const& what) {
    auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"there is no " + what};
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
}

bool has(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

RedisSentinels::RedisSentinels(int silence_ms, std::vector<std::string> const& tls) : is_tls_{!tls.empty()} {
    std::string const port = is_tls_ ? "tls-port" : "port";
    for (int i = 0; i < 3; ++i) {
        ports_.push_back(std::to_string(free_port()));
        std::vector<std::string> options{"--" + port,
                                         ports_.back(),
                                         "--bind",
                                         "127.0.0.1",
                                         "--appendonly",
                                         "yes",
                                         "--repl-diskless-sync-delay",
                                         "0"};
        options.insert(options.end(), tls.begin(), tls.end());
        if (is_tls_) options.insert(options.end(), {"--tls-replication", "yes"});
        if (i > 0) options.insert(options.end(), {"--replicaof", "127.0.0.1 " + ports_[0]});
        servers_.push_back(std::make_unique<RedisServer>(options));
    }
    await([&] { return has(servers_[0]->ask("INFO replication"), "connected_slaves:2"); }, "replica");
    await(
        [&] {
            return std::ranges::all_of(servers_, [](auto const& server) {
                return !has(server->ask("INFO replication"), "master_link_status:down");
            });
        },
        "link to the primary");
    std::string lines;
    for (std::size_t i = 0; i + 1 < tls.size(); i += 2)
        lines += tls[i].substr(2) + " " + tls[i + 1] + "\n";
    if (is_tls_) lines += "port 0\ntls-replication yes\n";
    for (int i = 0; i < 3; ++i) {
        sentinel_ports_.push_back(std::to_string(free_port()));
        sentinels_.push_back(RedisServer::sentinel(lines + port + " " + sentinel_ports_.back() +
                                                   "\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 " +
                                                   ports_[0] + " 2\nsentinel down-after-milliseconds main " +
                                                   std::to_string(silence_ms) +
                                                   "\n"
                                                   "sentinel failover-timeout main 3000\n"));
    }
    await([&] { return is_whole(); }, "agreement of the sentinels");
}

bool RedisSentinels::is_whole() const {
    return std::ranges::all_of(sentinels_, [](auto const& sentinel) {
        std::string const info = sentinel->ask("INFO sentinel");
        return has(info, "slaves=2,sentinels=3");
    });
}

std::string RedisSentinels::url(std::string const& parameters) const {
    std::string hosts;
    for (auto const& port : sentinel_ports_)
        hosts += (hosts.empty() ? "" : ",") + ("127.0.0.1:" + port);
    return (is_tls_ ? "rediss" : "redis") + ("+sentinel://" + hosts) + "/0?master=main" +
           (parameters.empty() ? "" : "&" + parameters);
}

std::size_t RedisSentinels::master() const {
    std::string const answer = sentinels_[0]->ask("SENTINEL GET-MASTER-ADDR-BY-NAME main");
    for (std::size_t i = 0; i < ports_.size(); ++i) {
        if (has(answer, ports_[i])) return i;
    }
    throw std::runtime_error{"an unknown master: " + answer};
}

std::size_t RedisSentinels::await_master_other_than(std::size_t old) const {
    std::size_t found = old;
    auto const is_other = [&] {
        found = master();
        return found != old && has(servers_[found]->ask("ROLE"), "master");
    };
    await(is_other, "other master");
    return found;
}

}  // namespace support
