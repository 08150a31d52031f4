// SPDX-License-Identifier: MIT
#include "io/signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>

namespace cohort::io {

awaitable<int> next_stop_signal() {
    auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::signal_set signals{executor, SIGINT, SIGTERM};
    int const number = co_await signals.async_wait(boost::asio::use_awaitable);
    co_return number;
}

}  // namespace cohort::io
