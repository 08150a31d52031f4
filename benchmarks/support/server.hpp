// SPDX-License-Identifier: MIT
// The server of a broker that has one: started anew for each measurement, in that measurement's folder.
#pragma once

#include "support/case.hpp"

#include <memory>
#include <optional>

namespace bench {

class Server {
public:
    virtual ~Server() = default;
    // CPU time of the server, from its start until now.
    virtual double cpu_us() const = 0;
};

// While it lives, the server that the case's broker needs, if it needs one, runs.
class ServerFor {
public:
    explicit ServerFor(Case const& what);
    ~ServerFor();
    ServerFor(ServerFor const&) = delete;
    ServerFor& operator=(ServerFor const&) = delete;

private:
    std::unique_ptr<Server> server_;
    Server* const outer_;
};

// Of the server that was started last; none where the broker has none.
std::optional<double> server_cpu_us();

}  // namespace bench
