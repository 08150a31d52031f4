// SPDX-License-Identifier: MIT
#include "io/timeout.hpp"

#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "io/wake.hpp"

#include <cohort/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <memory>

namespace cohort::io::detail {

namespace asio = boost::asio;

namespace {

struct Race {
    asio::cancellation_signal signal;
    Wake ended;
    bool is_over = false;
    bool is_late = false;
    std::exception_ptr error;
};

}  // namespace

awaitable<void> with_timeout(awaitable<void> body, Duration span, Shield shield) {
    auto executor = co_await asio::this_coro::executor;
    // From here on a cancellation is passed on to the body; what the body makes of it is what we make of it.
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto race = std::make_shared<Race>();
    auto finish = [race](std::exception_ptr error) {
        race->error = std::move(error);
        race->is_over = true;
        race->ended.wake();
    };
    asio::co_spawn(executor, std::move(body), asio::bind_cancellation_slot(race->signal.slot(), finish));
    Alarm alarm{executor, span, [race] {
                    if (race->is_over) return;
                    race->is_late = true;
                    race->signal.emit(asio::cancellation_type::terminal);
                }};
    while (!race->is_over) {
        bool const woken = co_await race->ended.wait_quietly();
        if (!woken && shield == Shield::none) race->signal.emit(asio::cancellation_type::terminal);
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (race->error) {
        if (race->is_late && is_aborted(race->error)) throw Error{errc::timed_out};
        std::rethrow_exception(race->error);
    }
}

}  // namespace cohort::io::detail
