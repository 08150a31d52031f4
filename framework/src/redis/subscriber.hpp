// SPDX-License-Identifier: MIT
// What clients are told of their jobs, as messages of the server; kept until they ask.
#pragma once

#include "redis/connection.hpp"

#include <cohort/broker.hpp>

#include <map>
#include <mutex>

namespace cohort::redis {

// Thread-safe.
class Subscriber : public std::enable_shared_from_this<Subscriber> {
public:
    static std::shared_ptr<Subscriber> make(boost::asio::any_io_executor executor, Config const& config,
                                            Locate locate);
    explicit Subscriber(Config const& config);

    // The verb watch, from its checks on.
    awaitable<std::vector<EndedJob>> watch(WatchParams params);
    void move_to(io::Address server) { connection_->move_to(std::move(server)); }
    void close();

private:
    using Time = std::chrono::steady_clock::time_point;

    struct Client {
        std::vector<EndedJob> ended;     // and not yet told
        std::shared_ptr<io::Wake> wake;  // while a watch waits
        RequestPtr subscription;         // ended with success: messages come
        Time last_seen{};
        bool may_have_missed = false;  // the present watch ends, so that its client reads
    };
    class Seat;

    void look_again();
    void receive(std::string_view channel, std::string_view payload);
    struct Subscription {
        RequestPtr request;    // null: messages come
        bool is_mine = false;  // who asked for it waits for its wake
    };
    Subscription need(std::string const& client);
    void forget_idle(Time now);
    bool look(Seat& seat, std::vector<EndedJob>& ended);
    void leave(Seat const& seat);

    Config const& config_;
    std::string const prefix_;
    std::shared_ptr<Connection> connection_;
    std::mutex mutex_;
    std::map<std::string, Client, std::less<>> clients_;
    bool is_closed_ = false;
};

}  // namespace cohort::redis
