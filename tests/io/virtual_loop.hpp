// SPDX-License-Identifier: MIT
// A loop with virtual time for the tests of the io room, which know nothing of the rooms above.
#pragma once

#include "io/virtual_time.hpp"

#include <cohort/awaitable.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace io_test {

using namespace std::chrono_literals;
using cohort::awaitable;
using cohort::Duration;

// A coroutine that has been started, and how it ended.
struct Running {
    bool is_done = false;
    std::exception_ptr error;
    boost::asio::cancellation_signal signal;

    void rethrow() const {
        if (error) std::rethrow_exception(error);
    }
};

class Loop {
public:
    Loop() { time.emplace(*context); }

    std::shared_ptr<Running> start(awaitable<void> body) {
        auto running = std::make_shared<Running>();
        auto done = [running](std::exception_ptr error) {
            running->error = std::move(error);
            running->is_done = true;
        };
        boost::asio::co_spawn(*context, std::move(body),
                              boost::asio::bind_cancellation_slot(running->signal.slot(), done));
        return running;
    }
    void cancel(std::shared_ptr<Running> const& running) {
        boost::asio::post(*context, [running] {
            if (!running->is_done) running->signal.emit(boost::asio::cancellation_type::terminal);
        });
    }
    // Until nothing is left that could happen.
    void run() { time->run(Duration::max()); }
    // What can happen at once.
    void poll() { time->run(time->steady()); }
    // Runs one coroutine to its end.
    void run(awaitable<void> body) {
        auto const running = start(std::move(body));
        run();
        REQUIRE(running->is_done);
        running->rethrow();
    }
    // Destroys the loop and all that waits on it.
    void destroy() { context.reset(); }

    std::optional<cohort::io::VirtualTime> time;
    std::unique_ptr<boost::asio::io_context> context = std::make_unique<boost::asio::io_context>(1);
};

}  // namespace io_test
