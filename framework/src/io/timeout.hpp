// SPDX-License-Identifier: MIT
// A deadline for any awaitable: our one way, since Asio has none of its own before Boost 1.86.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/detail/io/keep.hpp>
#include <cohort/time.hpp>

#include <optional>
#include <utility>

namespace cohort::io {

namespace detail {

enum class Shield : bool { none, cancellation };

awaitable<void> with_timeout(awaitable<void> body, Duration span, Shield shield);

}  // namespace detail

// The operation's result, or Error(errc::timed_out) when it has not ended after `span`: it is then cancelled
// (terminal) and awaited, so nothing of it is left behind. An operation that ends with a result in spite of
// the cancellation has that result. Cancelling the caller cancels the operation.
template<class T>
awaitable<T> with_timeout(awaitable<T> operation, Duration span) {
    std::optional<T> result;
    auto body = cohort::detail::keep(std::move(operation), result);
    co_await detail::with_timeout(std::move(body), span, detail::Shield::none);
    co_return std::move(*result);
}

inline awaitable<void> with_timeout(awaitable<void> operation, Duration span) {
    return detail::with_timeout(std::move(operation), span, detail::Shield::none);
}

// The same for work that others depend on: cancelling the caller has no effect.
template<class T>
awaitable<T> with_timeout_shielded(awaitable<T> operation, Duration span) {
    std::optional<T> result;
    auto body = cohort::detail::keep(std::move(operation), result);
    co_await detail::with_timeout(std::move(body), span, detail::Shield::cancellation);
    co_return std::move(*result);
}

}  // namespace cohort::io
