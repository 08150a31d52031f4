// SPDX-License-Identifier: MIT
// An awaitable of T as one of nothing: what is compiled once cannot know T.
#pragma once

#include <cohort/awaitable.hpp>

#include <optional>
#include <utility>

namespace cohort::detail {

// `result` must live until the awaitable has ended.
template<class T>
awaitable<void> keep(awaitable<T> operation, std::optional<T>& result) {
    T value = co_await std::move(operation);
    result.emplace(std::move(value));
}

}  // namespace cohort::detail
