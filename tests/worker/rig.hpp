// SPDX-License-Identifier: MIT
// A broker, a client and workers on one loop whose clock is virtual.
#pragma once

#include "io/scope.hpp"
#include "memory/memory.hpp"

#include <cohort/client.hpp>
#include <cohort/testing.hpp>
#include <cohort/worker.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <deque>
#include <memory>
#include <utility>

namespace support {

// Everything happens on the loop's one thread, so a test decides what happens when.
class Rig {
public:
    cohort::testing::Loop loop;
    std::shared_ptr<cohort::Broker> broker = cohort::memory::open(cohort::parse_url("memory:"), loop.clock());
    cohort::Client client{loop.executor(), broker};

    // A worker that runs until stop().
    cohort::Worker& start(cohort::WorkerOptions options, std::function<void(cohort::Worker&)> const& setup) {
        options.threads = 0;
        auto& worker = workers_.emplace_back(broker, std::move(options));
        setup(worker);
        scope_.spawn(loop.executor(), worker.run());
        return worker;
    }
    template<auto... Jobs>
    cohort::Worker& start(cohort::WorkerOptions options = {}) {
        return start(std::move(options), [](cohort::Worker& worker) { (worker.add<Jobs>(), ...); });
    }

    // Stops all workers and waits for their ends.
    cohort::awaitable<void> stop() {
        for (auto& worker : workers_)
            worker.stop();
        co_await scope_.join();
    }

    cohort::Instant now() { return loop.clock().now(); }

    // Runs a test's coroutine; workers that it leaves running are stopped.
    void run(cohort::awaitable<void> test) {
        auto whole = finish(std::move(test));
        loop.run(std::move(whole));
    }

private:
    cohort::awaitable<void> finish(cohort::awaitable<void> test) {
        co_await std::move(test);
        co_await stop();
    }

    std::deque<cohort::Worker> workers_;
    cohort::io::Scope scope_;
};

}  // namespace support
