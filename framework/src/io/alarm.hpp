// SPDX-License-Identifier: MIT
// Timers: a callback after a span, and sleep. Both obey the virtual clock of a test loop where there is one.
#pragma once

#include "io/home.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace cohort::io {

// Calls `ring` (with `whom`) once on the executor after `span`, unless it is destroyed before. Use it on one
// executor only.
class Alarm {
public:
    Alarm(boost::asio::any_io_executor const& executor, Duration span, void (*ring)(void* whom),
          std::shared_ptr<void> whom);
    Alarm(boost::asio::any_io_executor const& executor, Duration span, std::function<void()> ring);
    ~Alarm();
    Alarm(Alarm const&) = delete;
    Alarm& operator=(Alarm const&) = delete;

private:
    struct State;
    Ring ring_;
    std::shared_ptr<Home> home_;    // on a loop of ours
    std::shared_ptr<State> state_;  // elsewhere
};

// Time on the executor's clock, the virtual one of a test loop where there is one; for measuring spans.
Duration steady_now(boost::asio::any_io_executor const& executor);

// The clock itself; it lives at least as long as the executor's context.
Clock const& clock_of(boost::asio::any_io_executor const& executor);

// Honours terminal cancellation: throws boost::system::system_error(operation_aborted). A negative span is
// zero.
awaitable<void> sleep_for(Duration span);

}  // namespace cohort::io
