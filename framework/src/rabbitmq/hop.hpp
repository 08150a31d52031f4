// SPDX-License-Identifier: MIT
// A verb crosses to the broker's thread and back.
#pragma once

#include "io/wake.hpp"

#include <cohort/awaitable.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace cohort::rabbitmq {

// How a verb that waits is asked to end; it says itself how it has. On the broker's thread only.
struct Stop {
    bool is_asked = false;
    std::function<void()> call;  // wakes the verb
};
using StopPtr = std::shared_ptr<Stop>;

// Runs the body on the executor, which must outlive the wait. A caller that was cancelled before it began
// gets operation_aborted; later that asks for a stop, or, with none, waits for what is soon at its end. The
// caller's frame may be destroyed meanwhile.
awaitable<void> hop(boost::asio::any_io_executor executor, awaitable<void> body, StopPtr stop = nullptr);

namespace detail {

template<class T>
awaitable<void> keep_shared(awaitable<T> body, std::shared_ptr<std::optional<T>> result) {
    T value = co_await std::move(body);
    result->emplace(std::move(value));
}

}  // namespace detail

template<class T>
awaitable<T> hop(boost::asio::any_io_executor executor, awaitable<T> body, StopPtr stop = nullptr) {
    auto const result = std::make_shared<std::optional<T>>();
    auto kept = detail::keep_shared(std::move(body), result);
    co_await hop(executor, std::move(kept), std::move(stop));
    co_return std::move(**result);
}

}  // namespace cohort::rabbitmq
