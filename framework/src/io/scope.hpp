// SPDX-License-Identifier: MIT
// Coroutines with an owner: nothing is detached, everything that was started is awaited.
#pragma once

#include "io/wake.hpp"

#include <cohort/awaitable.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <exception>
#include <functional>
#include <memory>

namespace cohort::io {

// Children may run on any executor. spawn() and cancel() may be called from any thread; one coroutine joins.
// The destructor cancels what still runs and does not wait: join first. Children must own what they use, or
// it must outlive them.
class Scope {
public:
    Scope();
    ~Scope();
    Scope(Scope const&) = delete;
    Scope& operator=(Scope const&) = delete;

    // Starts a child. Its exception, other than operation_aborted, is kept and cancels its siblings.
    void spawn(boost::asio::any_io_executor const& executor, awaitable<void> child);
    // Asks every child to end (terminal cancellation). Children spawned later are cancelled at once.
    void cancel();
    // Ends when all children have ended, then throws the first exception that one ended with. Cancelling the
    // join cancels the children and goes on waiting for them.
    awaitable<void> join();

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace cohort::io
