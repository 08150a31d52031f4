// SPDX-License-Identifier: MIT
// A primary, two replicas and three sentinels of the test's own.
#pragma once

#include "support/redis_server.hpp"

#include <memory>

namespace support {

class RedisSentinels {
public:
    // A server that is silent for so long is taken for dead. Waits until all know of each other. With these
    // options, which name certificates, nothing goes over TCP without TLS. Throws std::runtime_error.
    explicit RedisSentinels(int silence_ms = 500, std::vector<std::string> const& tls = {});

    // "redis+sentinel://127.0.0.1:7001,…/0?master=main"
    // With TLS "rediss+sentinel:".
    std::string url(std::string const& parameters = {}) const;
    RedisServer& server(std::size_t index) { return *servers_.at(index); }
    RedisServer& sentinel(std::size_t index) { return *sentinels_.at(index); }
    // As the sentinels say.
    std::size_t master() const;
    // Waits for another one than this, which is a master by its own words too.
    std::size_t await_master_other_than(std::size_t old) const;

private:
    bool is_whole() const;

    bool const is_tls_;
    std::vector<std::unique_ptr<RedisServer>> servers_;
    std::vector<std::unique_ptr<RedisServer>> sentinels_;
    std::vector<std::string> ports_;
    std::vector<std::string> sentinel_ports_;
};

}  // namespace support
