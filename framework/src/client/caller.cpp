// SPDX-License-Identifier: MIT
#include "client/caller.hpp"

#include <cohort/blocking_client.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <future>
#include <utility>

namespace cohort {

namespace detail {

namespace {

// What the operation throws, as a value: the frames of the coroutine keep no reference to it.
awaitable<std::exception_ptr> caught(awaitable<void> operation) {
    std::exception_ptr error;
    try {
        co_await std::move(operation);
    } catch (...) {
        error = std::current_exception();
    }
    co_return error;
}

}  // namespace

std::shared_ptr<Caller> make_caller() {
    return std::make_shared<Caller>();
}

void block_on(Caller& caller, awaitable<void> operation) {
    if (caller.loop.is_this_thread()) {
        throw Error{errc::wrong_thread,
                    "a blocking call on the client's own thread would wait for itself; use Client there"};
    }
    // Shared: the waiting thread may be gone before the last line of set_value() is. What was thrown is
    // handed over whole: by the time the caller looks at it, this thread has nothing of it left.
    struct Outcome {
        std::exception_ptr error;
        std::promise<void> ended;
    };
    auto outcome = std::make_shared<Outcome>();
    auto ended = outcome->ended.get_future();
    boost::asio::co_spawn(caller.loop.executor(), caught(std::move(operation)),
                          [outcome](std::exception_ptr, std::exception_ptr error) {
                              outcome->error = std::move(error);
                              outcome->ended.set_value();
                          });
    ended.get();
    if (outcome->error) std::rethrow_exception(std::exchange(outcome->error, nullptr));
}

}  // namespace detail

BlockingClient::BlockingClient(std::shared_ptr<Broker> broker, ClientOptions options)
    : caller_{detail::make_caller()},
      client_{caller_->loop.executor(), std::move(broker), std::move(options)} {}

}  // namespace cohort
