// SPDX-License-Identifier: MIT
#include "io/alarm.hpp"

#include "io/virtual_time.hpp"
#include "io/wake.hpp"

#include <cohort/sleep.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>

namespace cohort::io {

namespace asio = boost::asio;

namespace {

// Asio adds the span to now(): a bound keeps that from overflowing. A hundred years is as good as never.
constexpr Duration longest = std::chrono::years{100};

Duration bounded(Duration span) {
    return std::clamp(span, Duration::zero(), longest);
}

}  // namespace

struct Alarm::State {
    bool armed = true;
    std::function<void()> ring;
    std::optional<asio::steady_timer> timer;
    VirtualTime::Timer virtual_timer;
};

Alarm::Alarm(asio::any_io_executor const& executor, Duration span, std::function<void()> ring)
    : Alarm{executor, span, [](void* call) { (*static_cast<std::function<void()>*>(call))(); },
            std::make_shared<std::function<void()>>(std::move(ring))} {}

Alarm::Alarm(asio::any_io_executor const& executor, Duration span, void (*ring)(void* whom),
             std::shared_ptr<void> whom) {
    auto const& home = Home::of(asio::query(executor, asio::execution::context));
    if (home->is_ours(executor)) {
        home_ = home;
        ring_.call = ring;
        ring_.whom = std::move(whom);
        home_->set(ring_, bounded(span));
        return;
    }
    state_ = std::make_shared<State>();
    state_->ring = [ring, whom = std::move(whom)] { ring(whom.get()); };
    // The callback holds the state weakly: an Alarm that was destroyed does not ring, even if its timer has
    // just expired.
    auto fire = [weak = std::weak_ptr<State>{state_}] {
        auto state = weak.lock();
        if (state && std::exchange(state->armed, false)) state->ring();
    };
    if (auto* time = virtual_time(executor)) {
        state_->virtual_timer = time->call_after(bounded(span), fire);
        return;
    }
    state_->timer.emplace(executor, bounded(span));
    state_->timer->async_wait([fire](boost::system::error_code error) {
        if (!error) fire();
    });
}

Alarm::~Alarm() {
    if (home_) home_->silence(ring_);
    if (state_) state_->armed = false;
}

Duration steady_now(asio::any_io_executor const& executor) {
    auto* time = virtual_time(executor);
    return time != nullptr ? time->steady() : system_clock().steady();
}

Clock const& clock_of(asio::any_io_executor const& executor) {
    auto const* time = virtual_time(executor);
    return time != nullptr ? *time : system_clock();
}

awaitable<void> sleep_for(Duration span) {
    auto executor = co_await asio::this_coro::executor;
    if (virtual_time(executor) != nullptr) {
        Wake wake;
        co_await wake.wait_for(bounded(span));
        co_return;
    }
    asio::steady_timer timer{executor, bounded(span)};
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace cohort::io

namespace cohort {

awaitable<void> sleep_for(Duration span) {
    return io::sleep_for(span);
}

}  // namespace cohort
