// SPDX-License-Identifier: MIT
// What the verbs share: connections by role, and what is known of the store. Held by every awaiting frame, so
// that it outlives the Broker object where it must.
#pragma once

#include "io/loop.hpp"
#include "redis/call.hpp"
#include "redis/config.hpp"
#include "redis/keys.hpp"
#include "redis/sentinel.hpp"
#include "redis/subscriber.hpp"

#include <map>
#include <mutex>
#include <set>

namespace cohort::redis {

// Thread-safe.
class Core {
public:
    explicit Core(Config its_config);
    ~Core();

    Config const config;

    RoutePtr commands() const { return commands_; }
    // On a thread of its own: a beat waits for nothing else.
    RoutePtr beats();
    // For writes, by which replicas they are waited for: that holds up whatever is behind them.
    RoutePtr writes(bool is_replicated) const { return is_replicated ? replicated_ : commands_; }
    // For one wait; given back when the connection is of use for another one.
    std::shared_ptr<Connection> borrow_waiter(Node const& node);
    void give_back(Node const& node, std::shared_ptr<Connection> waiter);
    std::shared_ptr<Subscriber> subscriber() const { return subscriber_; }

    Keys keys(std::string_view queue) const { return Keys{config.space, queue}; }
    // The first argument of most scripts: what time it is for a test; "" = the server's own clock counts.
    std::string time_of_test() const;
    // A call that puts the queue on the list of queues. Whether that was done, as far as is known; that it
    // was; and that the list has been lost since.
    Call registration(std::string const& queue) const;
    bool is_registered(std::string const& queue) const;
    void registered(std::string const& queue);
    void not_registered(std::string const& queue);

    // Claim numbers that were seen here: what comes again is a repeat.
    bool is_first_time(std::string const& incarnation, std::uint64_t number);
    // The queues of a worker that was enlisted or looked up here; else none.
    void remember(std::string const& incarnation, std::vector<std::string> queues);
    std::vector<std::string> enlisted(std::string const& incarnation) const;
    void forget(std::string const& incarnation);
    // A claim on these queues has left nothing behind: until `until`, or a marker, there is nothing to be
    // had.
    void note_rest(std::string const& incarnation, std::vector<std::string> queues, Session::Time until);
    // For how long that holds; once. nullopt = it is not known of these queues.
    std::optional<Duration> take_rest(std::string const& incarnation, std::vector<std::string> queues);

    // Throws Error(closed).
    void check_open() const;
    void close() noexcept;

private:
    Locate locate(io::Loop const& loop) const;
    void move_to(io::Address const& master);
    RoutePtr make_route(io::Loop const& loop, std::string role) const;
    std::uint64_t generation() const { return commands_->generation() + replicated_->generation(); }

    // Ended in the opposite order.
    io::Loop loop_{"cohort-redis"};
    std::shared_ptr<Slots> const slots_;          // null unless it is a cluster
    std::shared_ptr<Sentinels> const sentinels_;  // null unless there are some
    RoutePtr const commands_;
    RoutePtr const replicated_;
    std::shared_ptr<Subscriber> const subscriber_;

    mutable std::mutex mutex_;
    std::unique_ptr<io::Loop> beat_loop_;
    RoutePtr beats_;
    std::map<Node, std::vector<std::shared_ptr<Connection>>> idle_waiters_;
    std::vector<std::weak_ptr<Connection>> waiters_;
    std::set<std::string, std::less<>> registered_;
    std::uint64_t registered_at_ = 0;  // the connections by which they were
    struct Life {
        std::uint64_t last_claim = 0;
        std::vector<std::string> queues;
        std::vector<std::string> resting;  // sorted
        Session::Time rests_until;
    };
    std::map<std::string, Life, std::less<>> lives_;
    bool is_closed_ = false;
};

}  // namespace cohort::redis
