// SPDX-License-Identifier: MIT
#include "rabbitmq/hop.hpp"

#include "io/copy_of.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <utility>

namespace cohort::rabbitmq {

namespace asio = boost::asio;

namespace {

struct Crossing {
    std::atomic<bool> is_done{false};
    std::exception_ptr error;
    io::Wake const wake;
};

void begin(std::shared_ptr<Crossing> const& crossing, asio::any_io_executor const& executor,
           awaitable<void> body) {
    auto ended = [crossing](std::exception_ptr error) {
        crossing->error = io::copy_of(error);
        crossing->is_done.store(true);
        crossing->wake.wake();
    };
    asio::co_spawn(executor, std::move(body), std::move(ended));
}

}  // namespace

awaitable<void> hop(asio::any_io_executor executor, awaitable<void> body, StopPtr stop) {
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error{asio::error::operation_aborted};
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto const crossing = std::make_shared<Crossing>();
    asio::post(executor, [crossing, executor, body = std::move(body)]() mutable {
        begin(crossing, executor, std::move(body));
    });
    while (!crossing->is_done.load()) {
        bool const woken = co_await crossing->wake.wait_quietly();
        if (woken || !stop) continue;
        asio::post(executor, [stop] {
            stop->is_asked = true;
            if (stop->call) stop->call();
        });
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (auto const error = std::exchange(crossing->error, nullptr)) std::rethrow_exception(error);
}

}  // namespace cohort::rabbitmq
