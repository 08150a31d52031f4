// SPDX-License-Identifier: MIT
// What a URL says, once for all connections.
#pragma once

#include <cohort/time.hpp>
#include <cohort/url.hpp>

#include <cstdint>
#include <string>

namespace cohort::redis {

struct Config {
    std::string host;  // "" = a socket file
    std::uint16_t port = 6379;
    std::string path;  // of the socket file
    std::string user;
    Secret password;
    std::int64_t database = 0;
    std::string name;              // of the connections, as CLIENT LIST shows them
    std::string space;             // the namespace
    Duration timeout = 5s;         // for the answer to a command, and for connecting
    Duration poll = 5s;            // a claim that waits looks by itself after so long
    std::int64_t replicas = 0;     // a push is stored when so many replicas have it
    Clock const* clock = nullptr;  // other than the machine's only in tests
    std::string masked;            // the URL, for people
};

// Throws Error(invalid_url).
Config read_config(Url const& url, Clock const& clock);

}  // namespace cohort::redis
