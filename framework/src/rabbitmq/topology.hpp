// SPDX-License-Identifier: MIT
// What is declared on the server, idempotently: before it is used, and again when the server has lost it.
#pragma once

#include "rabbitmq/connection.hpp"
#include "rabbitmq/names.hpp"

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cohort::rabbitmq {

// On the connection's executor only.
class Topology {
public:
    Topology(std::shared_ptr<Connection> connection, Config const& config)
        : connection_{std::move(connection)}, config_{config}, names_{config.space} {}

    // All throw Error: unavailable, broker_unsupported where something is there with other properties, ….
    // A line, the way to it from the ladder, and where those of its queue go that failed.
    awaitable<void> need_line(std::string line);
    awaitable<void> need_replies(std::string client);
    awaitable<void> need_tickets(std::string queue);
    // The steps that hold a message for so many units, and this line.
    awaitable<void> need_ladder(std::uint32_t units, std::string line);
    // Something was not there: all is looked at again.
    void forget() noexcept { known_.clear(); }

private:
    awaitable<void> prepare();
    awaitable<void> declare_ladder();
    awaitable<void> look_for_steps(std::uint32_t units);
    void add_queue(std::string const& name, Table arguments);
    void add_exchange(std::string const& name);
    void add_queue_binding(std::string const& queue, std::string const& exchange, std::string const& key);
    void add_exchange_binding(std::string const& to, std::string const& from, std::string const& key);
    awaitable<void> carry_out();
    bool is_known(std::string const& name) const { return known_.contains(name); }

    std::shared_ptr<Connection> const connection_;
    Config const& config_;
    Names const names_;
    ChannelPtr channel_;
    std::uint64_t generation_ = 0;
    std::uint64_t missed_ = 0;
    std::set<std::string> known_;                                // on the present connection
    std::map<int, std::chrono::steady_clock::time_point> seen_;  // steps of the ladder, when last
    std::vector<AnswerPtr> asked_;
};

}  // namespace cohort::rabbitmq
