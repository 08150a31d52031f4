// SPDX-License-Identifier: MIT
// What clients are told of their jobs: one reply queue per client, read while somebody watches, kept until
// then.
#pragma once

#include "rabbitmq/hop.hpp"
#include "rabbitmq/topology.hpp"

#include <cohort/broker.hpp>

#include <map>

namespace cohort::rabbitmq {

// On its executor only.
class Replies : public std::enable_shared_from_this<Replies> {
public:
    Replies(boost::asio::any_io_executor executor, Config const& config);

    // The verb watch, from its checks on.
    awaitable<std::vector<EndedJob>> watch(WatchParams params, StopPtr stop);
    void close();

private:
    using Time = std::chrono::steady_clock::time_point;

    struct Client {
        std::deque<EndedJob> ended;      // and not yet told
        std::shared_ptr<io::Wake> wake;  // while a watch waits
        ChannelPtr channel;              // that consumes the reply queue
        Time last_seen{};
    };
    class Seat;

    awaitable<void> subscribe(std::string client);
    void receive(std::string const& client, std::uint64_t tag, Delivery delivery);
    void forget_idle(Time now);

    Config const& config_;
    Names const names_;
    std::shared_ptr<Connection> const connection_;
    Topology topology_;
    std::map<std::string, Client, std::less<>> clients_;
    bool is_closed_ = false;
};

}  // namespace cohort::rabbitmq
