// SPDX-License-Identifier: MIT
// The one way in which a coroutine of ours waits for another: an event with one waiter.
#pragma once

#include "io/alarm.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

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
    // The same without the throw: `bool woken = co_await wake.wait_quietly()` is false when it was cancelled.
    // Without a frame of its own.
    class Waiting;
    Waiting wait_quietly() const noexcept;
    // False when `span` passes first; it may hide a wake() of the same moment, so look at what you waited
    // for. Cancellation throws.
    awaitable<bool> wait_for(Duration span) const;

    struct State;
    class Limit;

private:
    using Handler = boost::asio::detail::awaitable_async_op_handler<void(bool), boost::asio::any_io_executor>;
    void begin(Handler handler) const;

    std::shared_ptr<State> state_;
};

// While it lives, the waits of this Wake end when `span` has passed; Duration::max() is no limit. One at a
// time.
class Wake::Limit {
public:
    Limit(Wake const& wake, boost::asio::any_io_executor const& executor, Duration span);
    bool has_passed() const noexcept;

private:
    std::shared_ptr<State> state_;
    std::optional<Alarm> alarm_;
};

// What Asio takes for an asynchronous operation, and awaits as such.
class Wake::Waiting {
public:
    template<class Token>
        requires(!std::is_pointer_v<std::decay_t<Token>>)  // Asio also asks whether it takes its frames
    auto operator()(Token&& token) const {
        auto begin = [wake = wake_](auto&& handler) { wake->begin(std::move(handler)); };
        return boost::asio::async_initiate<Token, void(bool)>(begin, token);
    }

private:
    friend class Wake;
    explicit Waiting(Wake const& wake) : wake_{&wake} {}

    Wake const* wake_;
};

inline Wake::Waiting Wake::wait_quietly() const noexcept {
    return Waiting{*this};
}

}  // namespace cohort::io
