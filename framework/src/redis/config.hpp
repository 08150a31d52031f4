// SPDX-License-Identifier: MIT
// What a URL says, once for all connections.
#pragma once

#include "base/ended_limits.hpp"
#include "io/tls.hpp"

#include <cohort/time.hpp>
#include <cohort/url.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cohort::redis {

enum class Topology : std::uint8_t {
    one,       // a server
    sentinel,  // the hosts are sentinels, which know the server
    cluster,   // the hosts are some of its nodes
};

struct Config {
    Topology topology = Topology::one;
    std::vector<Host> hosts;  // none = a socket file
    std::string path;         // of the socket file
    std::string master;       // its name at the sentinels
    std::string sentinel_user;
    Secret sentinel_password;
    io::TlsOptions tls;
    std::string user;
    Secret password;
    std::int64_t database = 0;
    std::string name;              // of the connections, as CLIENT LIST shows them
    std::string space;             // the namespace
    Duration timeout = 5s;         // for the answer to a command, and for connecting
    Duration ping = 15s;           // what has been silent for so long is asked whether it is there
    Duration keepalive = 60s;      // and so long by the system, over TCP
    Duration poll = 5s;            // a claim that waits looks by itself after so long
    std::int64_t replicas = 0;     // a push or an outcome is stored when so many replicas have it
    Duration replication = 0s;     // how long they may take
    EndedLimits limits;            // by which our upkeep goes
    Clock const* clock = nullptr;  // other than the machine's only in tests
    std::string masked;            // the URL, for people
};

// Throws Error(invalid_url).
Config read_config(Url const& url, Clock const& clock);

}  // namespace cohort::redis
