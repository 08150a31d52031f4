// SPDX-License-Identifier: MIT
// Verbs of the store after which jobs may wait: workers are told before the caller is answered.
#pragma once

#include "rabbitmq/tickets.hpp"

#include <boost/asio/this_coro.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace cohort::rabbitmq {

struct StoredCore;

// Publishes these tickets, and waits for that no longer than a second. What the store has done is done: a
// caller that is cancelled waits no more, and nothing is thrown. To be awaited where cancellation throws not.
awaitable<void> announce(std::shared_ptr<StoredCore> core, Tickets::Counts counts);

// Where a verb answers nothing.
struct Done {};
inline awaitable<Done> done(awaitable<void> verb) {
    co_await std::move(verb);
    co_return Done{};
}

template<class Reply>
awaitable<Reply> announcing(std::shared_ptr<StoredCore> core, awaitable<Reply> verb,
                            std::function<Tickets::Counts(Reply const&)> count) {
    Reply reply = co_await std::move(verb);
    bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    Tickets::Counts counts = count(reply);
    co_await announce(core, std::move(counts));
    co_await boost::asio::this_coro::throw_if_cancelled(throws);
    co_return reply;
}

}  // namespace cohort::rabbitmq
