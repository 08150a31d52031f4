// SPDX-License-Identifier: MIT
// A connection on a loop of its own, and questions whose answers a test waits for.
#pragma once

#include "io/loop.hpp"
#include "redis/connection.hpp"
#include "redis/server.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace redis_test {

namespace io = cohort::io;

constexpr auto patience = std::chrono::seconds{30};

class OwnConnection {
public:
    explicit OwnConnection(std::string const& url, redis::Session::Message on_message = {})
        : config_{redis::read_config(parse_url(url), system_clock())},
          connection_{std::make_shared<redis::Connection>(
              loop_.executor(), config_, redis::locate_first(config_), "test", std::move(on_message))} {}
    ~OwnConnection() { connection_->close(); }
    OwnConnection(OwnConnection const&) = delete;
    OwnConnection& operator=(OwnConnection const&) = delete;

    redis::Connection& operator*() { return *connection_; }
    redis::Connection* operator->() { return connection_.get(); }
    io::Loop& loop() { return loop_; }

private:
    redis::Config const config_;  // outlives the loop
    io::Loop loop_{"own"};
    std::shared_ptr<redis::Connection> const connection_;
};

inline redis::RequestPtr ping(redis::Connection& connection, std::string_view text = "here",
                              Duration limit = patience) {
    auto request = std::make_shared<redis::Request>(redis::Effect::none, limit);
    request->add({"PING", text});
    connection.submit(request);
    return request;
}

inline bool has_ended(redis::Request const& request) {
    auto const deadline = std::chrono::steady_clock::now() + patience;
    while (!request.is_ended() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return request.is_ended() && !request.has_failed();
}

}  // namespace redis_test
