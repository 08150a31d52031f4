// SPDX-License-Identifier: MIT
#include "support/server.hpp"

#include "support/registry.hpp"

namespace bench {

namespace {

Server* current = nullptr;

}  // namespace

ServerFor::ServerFor(Case const& what) : outer_{current} {
    auto const& kind = broker(what.broker);
    if (!kind.server) return;
    server_ = kind.server(what);
    current = server_.get();
}

ServerFor::~ServerFor() {
    current = outer_;
}

std::optional<double> server_cpu_us() {
    if (current == nullptr) return {};
    return current->cpu_us();
}

}  // namespace bench
