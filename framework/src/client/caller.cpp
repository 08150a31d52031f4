// SPDX-License-Identifier: MIT
#include "client/caller.hpp"

#include <cohort/blocking_client.hpp>

#include <boost/asio/co_spawn.hpp>

#include <future>

namespace cohort {

namespace detail {

std::shared_ptr<Caller> make_caller() {
    return std::make_shared<Caller>();
}

void block_on(Caller& caller, awaitable<void> operation) {
    if (caller.loop.is_this_thread()) {
        throw Error{errc::wrong_thread,
                    "a blocking call on the client's own thread would wait for itself; use Client there"};
    }
    // Shared: the waiting thread may be gone before the last line of set_value() is.
    auto promise = std::make_shared<std::promise<void>>();
    auto future = promise->get_future();
    boost::asio::co_spawn(caller.loop.executor(), std::move(operation), [promise](std::exception_ptr error) {
        if (error)
            promise->set_exception(std::move(error));
        else
            promise->set_value();
    });
    future.get();
}

}  // namespace detail

BlockingClient::BlockingClient(std::shared_ptr<Broker> broker, ClientOptions options)
    : caller_{detail::make_caller()},
      client_{caller_->loop.executor(), std::move(broker), std::move(options)} {}

}  // namespace cohort
