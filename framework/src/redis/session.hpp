// SPDX-License-Identifier: MIT
// What is said on one connection after the other, without any I/O: greeting, pipeline, deadlines.
#pragma once

#include "redis/config.hpp"
#include "redis/request.hpp"

#include <cohort/error.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <optional>

namespace cohort::redis {

// Called on one thread. A function that throws Error means that the connection is of no use: close it, and
// tell with lost().
class Session {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Message = std::function<void(std::string_view channel, std::string_view payload)>;

    // `on_message`: not empty for the connection that subscribes.
    Session(Config const& config, std::string role, Message on_message);

    // A new connection is there: the greeting is to be written. `channels` are subscribed with it.
    void open(std::vector<std::string> const& channels, Time now);
    void add(RequestPtr request, Time now);
    // What is to be written now; whose requests are under way from then on. "" = nothing.
    std::string take_output(Time now);
    void feed(std::string_view bytes, Time now);
    // The connection is gone, or none could be made. What was written is uncertain; what was not has not
    // happened.
    void lost(std::exception_ptr reason);
    void close(std::exception_ptr reason);

    bool is_ready() const noexcept { return is_ready_; }
    // When something has waited too long for an answer.
    std::optional<Time> deadline() const;
    // The last answer came, or the last thing was sent.
    Time last_sign() const noexcept { return last_sign_; }
    bool is_idle() const noexcept { return sent_.empty() && queued_.empty(); }
    std::int64_t client_id() const noexcept { return client_id_; }
    // An answer took so long that the server, or the way to it, must have stood still. Asking forgets it.
    bool has_been_slow() noexcept { return std::exchange(has_been_slow_, false); }

    // Ends the requests that have waited too long for a connection. True when one was under way: then the
    // connection is dead.
    bool expire(Time now);

private:
    struct Entry {
        RequestPtr request;
        Time deadline;
    };
    using Answer = std::function<void(View)>;

    void greet(std::vector<std::string_view> const& words, Answer answer);
    void check_server(std::string_view info);
    void take_all(std::string_view bytes, Time now);
    void take(Reply reply, Time now);

    Config const& config_;
    std::string const role_;
    Message const on_message_;
    std::optional<Parser> parser_;
    bool is_ready_ = false;
    std::string greeting_;
    std::deque<Answer> greeted_;  // what to do with each answer to it
    std::deque<Entry> queued_;
    std::deque<Entry> sent_;
    std::optional<Time> greeting_deadline_;
    Time last_sign_{};
    std::int64_t client_id_ = 0;
    std::string trouble_;  // why there is no connection
    errc trouble_code_ = errc::unavailable;
    bool has_served_ = false;
    bool has_been_slow_ = false;
};

}  // namespace cohort::redis
