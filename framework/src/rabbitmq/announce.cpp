// SPDX-License-Identifier: MIT
#include "rabbitmq/announce.hpp"

#include "base/failpoint.hpp"
#include "rabbitmq/stored_core.hpp"

#include <atomic>

namespace cohort::rabbitmq {

namespace asio = boost::asio;

namespace {

constexpr Duration longest_announcing = 1s;

struct Sending {
    std::atomic<bool> is_done{false};
    io::Wake const wake;
};

}  // namespace

awaitable<void> announce(StoredCorePtr core, Tickets::Counts counts) {
    auto const state = co_await asio::this_coro::cancellation_state;
    auto const executor = co_await asio::this_coro::executor;
    if (!counts.empty() && failpoint("ticket", "before_send")) co_return;
    auto const sending = std::make_shared<Sending>();
    core->call(std::move(counts), [sending] {
        sending->is_done = true;
        sending->wake.wake();
    });
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    io::Wake::Limit const limit{sending->wake, executor, longest_announcing};
    while (!sending->is_done && !limit.has_passed()) {
        bool const woken = co_await sending->wake.wait_quietly();
        if (!woken) break;
    }
}

}  // namespace cohort::rabbitmq
