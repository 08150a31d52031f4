// SPDX-License-Identifier: MIT
// What a URL says, once for all connections.
#pragma once

#include "io/tls.hpp"

#include <cohort/time.hpp>
#include <cohort/url.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace cohort::rabbitmq {

enum class Login : std::uint8_t { plain, external };

struct Config {
    std::string host;
    std::uint16_t port = 5672;
    std::string user = "guest";
    Secret password{"guest"};
    Login login = Login::plain;
    io::TlsOptions tls;
    std::string vhost = "/";
    std::string name;          // of the connections, as the server's tools show them
    std::string space;         // the namespace
    Duration timeout = 5s;     // for an answer, and for connecting
    Duration heartbeat = 10s;  // 0 = none
    Duration blocked = 5s;     // a push waits so long for a server that takes nothing
    bool has_priorities = false;
    bool keeps_replies = false;  // for a client that comes back under its name
    // The server ends who has not acked for so long; 0 = never. Said in the URL, or what is usual.
    Duration consumer_timeout = 30min;
    bool is_consumer_timeout_known = false;
    Duration poll = 5s;                 // with a store: how often a worker looks there that nobody calls
    std::uint32_t frame_max = 131'072;  // bytes
    Clock const* clock = nullptr;       // other than the machine's only in tests
    std::string masked;                 // the URL, for people

    // What a worker has asked or said is answered as long as its connection lives: to ask again, or to give
    // up the life that has asked, would run jobs twice. Heartbeats end a connection that is dead.
    Duration patience() const noexcept { return std::max(timeout, 2 * heartbeat); }
};

// Throws Error(invalid_url).
Config read_config(Url const& url, Clock const& clock);

}  // namespace cohort::rabbitmq
