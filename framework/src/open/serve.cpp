// SPDX-License-Identifier: MIT
#include "open/serve.hpp"

#include "io/scope.hpp"
#include "io/signals.hpp"

#include <boost/asio/this_coro.hpp>

#include <cstdio>
#include <cstdlib>

namespace cohort {

namespace {

awaitable<void> obey_signals(Worker& worker) {
    co_await io::next_stop_signal();
    std::fputs("stopping: running jobs may finish; another signal ends at once\n", stderr);
    worker.stop();
    int const number = co_await io::next_stop_signal();
    std::_Exit(128 + number);
}

}  // namespace

awaitable<void> serve(Worker& worker) {
    auto executor = co_await boost::asio::this_coro::executor;
    io::Scope signals;
    signals.spawn(executor, obey_signals(worker));
    co_await worker.run();
    signals.cancel();
    co_await signals.join();
}

}  // namespace cohort
