// SPDX-License-Identifier: MIT
// One connection to the server, and its owner: it is made anew for as long as nobody closes it.
#pragma once

#include "io/alarm.hpp"
#include "io/outage.hpp"
#include "io/wire.hpp"
#include "redis/session.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <set>

namespace cohort::redis {

// Where the server is at this moment; asked before each attempt to connect. Throws Error.
using Locate = std::function<awaitable<io::Address>()>;
// The one that the URL names.
Locate locate_first(Config const& config);

// Thread-safe where it says so; all else happens on the executor, which must be one thread's. The config must
// outlive the executor's loop. Where one loop of ours asks alone, and without TLS, it also writes and reads;
// the executor is left with connecting, time limits and what went wrong.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(boost::asio::any_io_executor executor, Config const& config, Locate locate, std::string role,
               Session::Message on_message = {});
    ~Connection();

    // Called on the executor when a connection has been made again: messages may have been missed.
    void on_return(std::function<void()> call) { on_return_ = std::move(call); }

    // Thread-safe. Connects when it is needed for the first time. What one thread submits is sent in its
    // order.
    void submit(RequestPtr request);
    // Thread-safe. Tells that whoever runs on this thread waits for messages, as submit() does for answers.
    void listen();
    // Thread-safe. Sends SUBSCRIBE or UNSUBSCRIBE, and remembers it for connections to come.
    void subscribe(std::string channel, RequestPtr request);
    void unsubscribe(std::string channel);
    // Thread-safe: the server is there now. Who is connected elsewhere, or is about to be, comes anew.
    void move_to(io::Address server);
    // Thread-safe: ends everything, now and later, with Error(closed).
    void close();

    // Thread-safe: grows with each connection that is made; 0 = none yet.
    std::uint64_t generation() const noexcept { return generation_.load(); }
    // Thread-safe: for how long the server has been there without a break that was noticed here; 0 before the
    // first connection.
    Duration calm() const noexcept;
    // Thread-safe: from now on it pauses no longer than this between two attempts.
    void hurry(Duration longest) noexcept { longest_pause_ = longest; }
    // Thread-safe: the server's number for the present one; 0 when there is none.
    std::int64_t client_id() const noexcept { return client_id_.load(); }

private:
    void start();
    awaitable<void> run();
    awaitable<void> connect();
    awaitable<void> serve();
    std::exception_ptr explain(std::exception_ptr reason) const;
    awaitable<void> pause(std::uint32_t failures);
    bool send_here(RequestPtr const& request);
    void accept(RequestPtr request);
    void flush();
    void write(std::string bytes);
    void watch();
    void look_at_time();
    void welcome();
    void miss();
    void drop(std::exception_ptr reason);
    void shut();
    // in reading.cpp
    void meet();
    void offer();
    bool lend();
    bool take_back();
    bool read_here(std::uint64_t epoch);
    bool feed_what_came();
    void lookout_gone(std::uint64_t epoch);

    // What a loop knows of a connection that may be gone when it hears of something.
    struct Tether {
        std::mutex mutex;  // taken before that of the connection
        Connection* connection;
    };

    boost::asio::any_io_executor executor_;
    Config const& config_;
    Locate const locate_;
    std::mutex mutex_;  // for what a thread that submits touches, down to `epoch_`
    Session session_;
    io::Wire wire_;
    bool may_send_here_ = false;  // the connection is ready, and whoever submits may write to it
    bool is_writing_ = false;
    bool is_lent_ = false;      // the loop that asks reads, and not the executor
    bool has_lookout_ = false;  // it hears of what comes
    bool is_ending_ = false;
    std::uint64_t epoch_ = 0;  // the attempts to connect
    std::shared_ptr<Tether> const tether_;
    std::atomic<void const*> asker_ = nullptr;  // the home of the loop that asks; see meet()
    io::Wake const returned_;                   // somebody wants the executor to read again
    std::atomic<int> posted_ = 0;               // submitted, and not accepted yet
    std::optional<io::Alarm> watchdog_;
    std::atomic<Session::Time> watchdog_at_{Session::Time::max()};
    io::Wake const stopped_;
    std::function<void()> on_return_;
    bool is_started_ = false;
    bool is_connected_ = false;
    io::Outage outage_;
    bool is_closed_ = false;
    std::set<std::string> channels_;
    std::optional<io::Address> at_;  // the server, from when it was located until it is left
    std::exception_ptr trouble_;     // why the present connection has to end
    std::minstd_rand random_{std::random_device{}()};
    std::atomic<std::uint64_t> generation_{0};
    std::atomic<std::int64_t> client_id_{0};
    std::atomic<Duration> longest_pause_{std::chrono::seconds{10}};
    std::atomic<Session::Time> outage_end_{Session::Time::min()};
};

}  // namespace cohort::redis
