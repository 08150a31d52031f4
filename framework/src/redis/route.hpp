// SPDX-License-Identifier: MIT
// The connections of one role: one, or in a cluster one to each node that is asked.
#pragma once

#include "redis/connection.hpp"
#include "redis/slots.hpp"

#include <map>

namespace cohort::redis {

// Thread-safe.
class Route {
public:
    // `slots`: null unless it is a cluster. `locate`: of the only server.
    Route(boost::asio::any_io_executor executor, Config const& config, std::string role,
          std::shared_ptr<Slots> slots, Locate locate);

    std::shared_ptr<Connection> to(Node const& node);
    // Null unless it is a cluster.
    std::shared_ptr<Slots> const& slots() const noexcept { return slots_; }
    // The node that has the key, as far as is known; the only one where there is one.
    std::optional<Node> node_of(std::string_view key) const;

    // As a connection's, of all.
    std::uint64_t generation() const;
    Duration calm() const;
    void hurry(Duration longest);
    // As a connection's, of the only one.
    void move_to(io::Address const& server);
    void close();

private:
    boost::asio::any_io_executor const executor_;
    Config const& config_;
    std::string const role_;
    std::shared_ptr<Slots> const slots_;
    Locate const locate_;
    mutable std::mutex mutex_;
    std::map<Node, std::shared_ptr<Connection>> connections_;
    std::optional<Duration> longest_pause_;
    bool is_closed_ = false;
};

using RoutePtr = std::shared_ptr<Route>;

// Asks nodes for the map where there is none or it is doubted. Throws Error where there is none then.
awaitable<void> look_at_slots(RoutePtr route, Config const& config);

Locate locate_node(Node const& node);
// The known nodes of a cluster in turn, for what each of them can do.
Locate locate_any(std::shared_ptr<Slots> slots);

}  // namespace cohort::redis
