// SPDX-License-Identifier: MIT
// Threads for functions that block.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace cohort::io {

// Thread-safe. Calls must not throw.
class Pool {
public:
    // At most so many threads; one is started when a call finds none idle.
    explicit Pool(std::size_t most);
    // Does not wait: what runs and what was submitted goes on by itself, and must own what it uses.
    ~Pool();
    Pool(Pool const&) = delete;
    Pool& operator=(Pool const&) = delete;

    // Waits until every thread but those given up has nothing left to do, and ends them.
    void join();

    // Starts calls in their order, as threads are free. One lock for all of them.
    void submit(std::vector<std::function<void()>> calls);
    // The thread that runs one of the calls will not come back in time: another one may take its place.
    void give_one_up();
    // A thread that was given up has come back after all: one leaves.
    void take_one_back();

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace cohort::io
