// SPDX-License-Identifier: MIT
// For tests of programs that use Cohort: a loop whose time is virtual.
//
//   cohort::testing::Loop loop;
//   cohort::Client client{loop.executor(), loop.make_broker()};
//   loop.run(sleeps_for_three_hours(client));  // returns at once
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/broker.hpp>
#include <cohort/time.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace cohort::testing {

// The program under test waits for something that cannot happen, or for too long.
class Stuck : public std::runtime_error {
public:
    using runtime_error::runtime_error;
};

// An event loop on the calling thread, and its clock. Time passes only when every coroutine waits, and then
// at once to the next moment at which a timer ends: a test decides what happens when, and it never depends on
// the machine's speed. What other threads do is not waited for: use a memory broker with this clock, and
// workers with `threads = 0`.
class Loop {
public:
    // `longest` is what one run may take, in its own time.
    explicit Loop(Duration longest = 24h);
    // Destroys whatever still waits.
    ~Loop();
    Loop(Loop const&) = delete;
    Loop& operator=(Loop const&) = delete;

    // Runs a coroutine to its end; returns what it returns, throws what it throws. Throws Stuck when it waits
    // and nothing is left that could wake it, or when it has not ended after `longest`. May be called again:
    // time goes on, and so does what earlier runs left behind.
    template<class T>
    T run(awaitable<T> test) {
        if constexpr (std::is_void_v<T>) {
            run_to_end(std::move(test));
        } else {
            // Shared with the coroutine, which may go on in a later run when this one throws Stuck.
            auto result = std::make_shared<std::optional<T>>();
            run_to_end(keep(std::move(test), result));
            return std::move(**result);
        }
    }

    // Begins on 2001-09-09 at 01:46:40 UTC, the same for every loop.
    Clock const& clock() const noexcept;
    boost::asio::any_io_executor executor() const noexcept;
    // A memory broker of its own that goes by this clock. The loop must outlive it.
    std::shared_ptr<Broker> make_broker() const;

private:
    template<class T>
    static awaitable<void> keep(awaitable<T> test, std::shared_ptr<std::optional<T>> result) {
        T value = co_await std::move(test);
        result->emplace(std::move(value));
    }
    void run_to_end(awaitable<void> test);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cohort::testing
