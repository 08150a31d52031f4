// SPDX-License-Identifier: MIT
// The broker's own thread: its connections, what it has declared, and the lives of its workers.
#pragma once

#include "rabbitmq/life.hpp"
#include "rabbitmq/message.hpp"
#include "rabbitmq/replies.hpp"
#include "rabbitmq/topology.hpp"

#include <map>
#include <memory>

namespace cohort::rabbitmq {

// On its executor only.
class Engine : public std::enable_shared_from_this<Engine> {
public:
    // The config must outlive the executor's loop.
    Engine(boost::asio::any_io_executor executor, Config const& config);

    boost::asio::any_io_executor const executor;
    Config const& config;
    Names const names;
    // Where a job waits.
    std::string line_of(JobRecord const& job) const {
        return rabbitmq::line_of(job.ref.queue, job.priority, config.has_priorities);
    }
    // A server that is short of memory stops reading where messages come from: what workers say must not
    // wait behind pushes.
    std::shared_ptr<Connection> const producer;
    std::shared_ptr<Connection> const worker;
    Topology producer_topology;
    Topology worker_topology;
    std::shared_ptr<Replies> const replies;

    // The channel for pushes, with confirms. Throws Error: unavailable, …
    awaitable<ChannelPtr> publisher();
    // While the server takes no messages, for as long as the config says; then throws Error(storage_full).
    awaitable<void> wait_while_blocked(std::shared_ptr<Connection> connection);

    LifePtr find(std::string const& incarnation) const;
    void add(LifePtr life);
    // It is over: its channel is closed, and what it had comes back to the queues.
    void end(LifePtr const& life);
    std::map<std::string, LifePtr> const& lives() const noexcept { return lives_; }

    // Throws Error(closed).
    void check_open() const;
    void close();

private:
    ChannelPtr publisher_;
    std::map<std::string, LifePtr> lives_;
    bool is_closed_ = false;
};
using EnginePtr = std::shared_ptr<Engine>;

// A channel with confirms; throws what goes wrong.
awaitable<ChannelPtr> open_confirming(std::shared_ptr<Connection> connection, Duration limit);

}  // namespace cohort::rabbitmq
