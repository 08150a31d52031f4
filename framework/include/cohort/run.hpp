// SPDX-License-Identifier: MIT
// From ordinary code into a coroutine: runs one to its end on the calling thread.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/detail/io/keep.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace cohort {

namespace detail {

void run_to_end(awaitable<void> program);

}  // namespace detail

// Runs a program's main coroutine on an event loop of its own, and returns what it returns or throws what it
// throws.
//
//   int main() { return cohort::run(client_main()); }
template<class T>
T run(awaitable<T> program) {
    if constexpr (std::is_void_v<T>) {
        detail::run_to_end(std::move(program));
    } else {
        std::optional<T> result;
        detail::run_to_end(detail::keep(std::move(program), result));
        return std::move(*result);
    }
}

}  // namespace cohort
