// SPDX-License-Identifier: MIT
// One connection to the server, and its owner: it is made anew for as long as nobody closes it.
#pragma once

#include "io/alarm.hpp"
#include "io/outage.hpp"
#include "io/wire.hpp"
#include "rabbitmq/session.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <random>
#include <vector>

namespace cohort::rabbitmq {

// On its executor only, which must be one thread's. The config must outlive the executor's loop.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(boost::asio::any_io_executor executor, Config const& config, std::string role);

    // Connects when it is needed for the first time. Waits for a connection, no longer than the config's
    // timeout; throws Error(unavailable), or why there cannot be one.
    awaitable<void> ready();
    // The same for who can do without: gives up with the first attempt that fails.
    awaitable<void> ready_at_once();
    // There was one, or an attempt at one, and it has failed.
    bool is_missed() const noexcept { return outage_.is_on(); }
    // Grows with each connection that is made; 0 = none yet.
    std::uint64_t generation() const noexcept { return generation_; }
    Session& session() noexcept { return session_; }
    // Called on the executor when a connection has been made again.
    void on_return(std::function<void()> call) { on_return_ = std::move(call); }
    // Ends everything, now and later, with Error(closed).
    void close();

private:
    void start();
    awaitable<void> wait_until_ready(bool is_patient);
    awaitable<void> run();
    awaitable<void> serve();
    awaitable<void> pause(std::uint32_t failures);
    void flush();
    void flush_soon();
    void watch();
    void welcome();
    void miss();
    void drop(std::exception_ptr reason);
    void wake_waiters();

    boost::asio::any_io_executor executor_;
    Config const& config_;
    Session session_;
    io::Wire wire_;
    std::optional<io::Alarm> watchdog_;
    Session::Time watchdog_at_{};
    io::Wake const stopped_;
    std::function<void()> on_return_;
    std::vector<std::shared_ptr<io::Wake>> waiters_;
    bool is_started_ = false;
    io::Outage outage_;
    bool is_closed_ = false;
    bool is_writing_ = false;
    bool is_flush_posted_ = false;
    std::uint64_t epoch_ = 0;  // the attempts to connect
    std::uint64_t generation_ = 0;
    std::exception_ptr trouble_;       // why the present connection has to end
    std::exception_ptr last_trouble_;  // and the one before it, until there is one
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace cohort::rabbitmq
