// SPDX-License-Identifier: MIT
// The one way in which a coroutine of ours waits for another: an event with one waiter.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

#include <memory>

namespace cohort::io {

// Auto-reset: wake() lets the present wait() end, or the next one at once; waking twice is waking once.
// wake() may be called from any thread; one coroutine waits at a time, and resumes on its own executor. A
// pending wait counts as work of its io_context, and is destroyed with it.
class Wake {
public:
    Wake();
    ~Wake();
    Wake(Wake&&) noexcept = default;
    Wake& operator=(Wake&&) noexcept = default;

    void wake() const noexcept;

    // Honours terminal cancellation: throws boost::system::system_error(operation_aborted).
    awaitable<void> wait() const;
    // The same without the throw: false when it was cancelled.
    awaitable<bool> wait_quietly() const;
    // False when `span` passes first; it may hide a wake() of the same moment, so look at what you waited
    // for. Cancellation throws.
    awaitable<bool> wait_for(Duration span) const;

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace cohort::io
