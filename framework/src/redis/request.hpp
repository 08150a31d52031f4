// SPDX-License-Identifier: MIT
// One or more commands on their way to the server and back.
#pragma once

#include "io/wake.hpp"
#include "redis/resp.hpp"

#include <cohort/time.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cohort::redis {

enum class Effect : std::uint8_t {
    none,   // reading: with its answer lost, nothing has happened
    write,  // with its answer lost, it is uncertain what has
};

// Owned by the frame that awaits it and by the connection: either may go first.
class Request {
public:
    Request(Effect its_effect, Duration its_limit) : effect{its_effect}, limit{its_limit} {}
    Request(Request const&) = delete;
    Request& operator=(Request const&) = delete;

    void add(std::vector<std::string_view> const& words) {
        append_command(bytes, words);
        ++commands;
    }

    // The connection: is it still wanted? After true it ends with replies or an error.
    bool begin() noexcept {
        auto expected = State::queued;
        return state_.compare_exchange_strong(expected, State::begun);
    }
    // The connection, once.
    void finish(std::exception_ptr fault = nullptr) {
        has_failed_ = fault != nullptr;
        error = std::move(fault);
        auto const other = also;  // who waits on `wake` may let go of this at once
        state_.store(State::ended);
        wake.wake();
        if (other) other->wake();
    }
    // The awaiting frame: true when it has not been sent and never will.
    bool withdraw() noexcept {
        auto expected = State::queued;
        return state_.compare_exchange_strong(expected, State::withdrawn);
    }
    bool is_ended() const noexcept { return state_.load() == State::ended; }
    bool is_withdrawn() const noexcept { return state_.load() == State::withdrawn; }

    // Valid once it has ended.
    bool has_failed() const noexcept { return has_failed_; }
    // The awaiting frame, once: the exception is its own from then on, and the connection, which may let go
    // of this later, does not delete what somebody reads. Null when it was taken.
    std::exception_ptr take_error() noexcept {
        return is_taken_.exchange(true) ? nullptr : std::exchange(error, nullptr);
    }

    Effect const effect;
    Duration const limit;  // for the answer, from when it was given to the connection
    std::string bytes;
    std::size_t commands = 0;
    io::Wake const wake;
    std::shared_ptr<io::Wake const> also;  // woken too: for who waits for one of several
    // Valid once it has ended.
    std::vector<Reply> replies;
    std::exception_ptr error;

private:
    enum class State : std::uint8_t { queued, begun, ended, withdrawn };
    std::atomic<State> state_{State::queued};
    std::atomic<bool> is_taken_{false};
    bool has_failed_ = false;
};

using RequestPtr = std::shared_ptr<Request>;

}  // namespace cohort::redis
