// SPDX-License-Identifier: MIT
#include "io/signals.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <csignal>
#include <cstdlib>

namespace cohort::io {

namespace {

std::atomic<int> kept = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler writes it");

void keep(int number) {
    if (kept.exchange(number) != 0) std::_Exit(128 + number);
}

}  // namespace

void keep_stop_signals() noexcept {
    struct sigaction action{};
    action.sa_handler = keep;
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

awaitable<int> next_stop_signal() {
    auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::signal_set signals{executor, SIGINT, SIGTERM};
    // Asked when the next one would come here: so none is missed.
    if (int const earlier = kept.exchange(0); earlier != 0) co_return earlier;
    int const number = co_await signals.async_wait(boost::asio::use_awaitable);
    co_return number;
}

}  // namespace cohort::io
