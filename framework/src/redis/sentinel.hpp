// SPDX-License-Identifier: MIT
// Where the master is, as the sentinels say.
#pragma once

#include "redis/connection.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace cohort::redis {

// The server that a sentinel's message is about when it says that this is the master from now on.
std::optional<io::Address> master_in(std::string_view channel, std::string_view message,
                                     std::string_view master);

// Asked before each connection, and listened to: a master that was replaced and lives goes on answering for
// some seconds, and what it is told then is lost. The config must outlive the executor's loop.
class Sentinels : public std::enable_shared_from_this<Sentinels> {
public:
    using Moved = std::function<void(io::Address const& master)>;

    // `on_move` is called on the executor, which must be one thread's.
    Sentinels(boost::asio::any_io_executor executor, Config const& config, Moved on_move);
    ~Sentinels();

    // For a loop's connections. With the first question the listening begins.
    Locate locate_for(boost::asio::any_io_executor executor);
    // Thread-safe. `on_move` does not run, and is not called any more, when this returns.
    void close();

private:
    struct Ear;

    void start();
    awaitable<void> listen(std::size_t index);
    awaitable<void> hear(std::size_t index);
    void tell(std::size_t index, io::Address const& master);
    awaitable<io::Address> locate(boost::asio::any_io_executor executor);

    boost::asio::any_io_executor const executor_;
    Config const& config_;
    std::atomic<std::size_t> first_ = 0;  // to be asked: who knew last time, or has told of a change
    std::atomic<bool> is_started_ = false;
    std::mutex mutex_;
    Moved on_move_;  // empty: closed
    std::vector<std::unique_ptr<Ear>> ears_;
};

}  // namespace cohort::redis
