// SPDX-License-Identifier: MIT
// What clients are told of their jobs: one reply queue per client, read while somebody watches. A reply is
// acked when its watch has told it, so that the queue keeps what a slow client has no time for.
#pragma once

#include "rabbitmq/hop.hpp"
#include "rabbitmq/topology.hpp"

#include <cohort/broker.hpp>

#include <atomic>
#include <map>

namespace cohort::rabbitmq {

// Set by who watches, on any thread: what the watch said has arrived.
using Receipt = std::shared_ptr<std::atomic<bool>>;

// On its executor only.
class Replies : public std::enable_shared_from_this<Replies> {
public:
    Replies(boost::asio::any_io_executor executor, Config const& config);

    // So many replies are held for a client; the others wait on the server.
    static constexpr std::uint16_t most_held = 200;

    // The verb watch, from its checks on. With the next one, or after a while, what it said is acked; where
    // it has no receipt by then, it goes back and is said again.
    awaitable<std::vector<EndedJob>> watch(WatchParams params, StopPtr stop, Receipt receipt);
    void close();

private:
    using Time = std::chrono::steady_clock::time_point;

    struct Client {
        std::deque<EndedJob> ended;      // and not yet said
        std::uint64_t youngest = 0;      // the tag of the last of them
        std::size_t said = 0;            // so many more, which are not yet acked
        std::uint64_t said_upto = 0;     // the tag of the last of those
        Receipt receipt;                 // of their watch
        bool is_acking = false;          // an ack is on its way
        std::shared_ptr<io::Wake> wake;  // while a watch waits
        ChannelPtr channel;              // that consumes the reply queue
        Time last_seen{};
    };
    class Seat;

    bool is_of(std::string const& client, std::shared_ptr<io::Wake> const& watch) const;
    awaitable<void> subscribe(std::string client, std::shared_ptr<io::Wake> watch);
    void receive(Client& client, std::string const& name, Delivery delivery);
    static void finish_last(Client& client);
    // Until the server has the last ack: who goes now is told nothing twice.
    awaitable<void> await_acks(std::string client);
    void forget_idle(Time now);

    Config const& config_;
    Names const names_;
    std::shared_ptr<Connection> const connection_;
    Topology topology_;
    std::map<std::string, Client, std::less<>> clients_;
    bool is_closed_ = false;
};

}  // namespace cohort::rabbitmq
