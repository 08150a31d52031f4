// SPDX-License-Identifier: MIT
#include "redis/subscriber.hpp"

#include "base/failpoint.hpp"
#include "io/alarm.hpp"
#include "redis/call.hpp"
#include "redis/keys.hpp"
#include "redis/record.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <chrono>

namespace cohort::redis {

namespace {

// Bounds for clients that watch seldom or never: beyond them they have to find out by themselves.
constexpr std::size_t most_ended = 10'000;
constexpr auto idle = std::chrono::minutes{1};

}  // namespace

// The place of one watch; left also when its coroutine is destroyed.
class Subscriber::Seat {
public:
    Seat(Subscriber& its_subscriber, std::string its_client)
        : subscriber{its_subscriber}, client{std::move(its_client)} {}
    ~Seat() { subscriber.leave(*this); }
    Seat(Seat const&) = delete;
    Seat& operator=(Seat const&) = delete;

    Subscriber& subscriber;
    std::string const client;
    std::shared_ptr<io::Wake> const wake = std::make_shared<io::Wake>();
    bool is_first = true;
};

Subscriber::Subscriber(Config const& config) : config_{config}, prefix_{channel_prefix(config.space)} {}

std::shared_ptr<Subscriber> Subscriber::make(boost::asio::any_io_executor executor, Config const& config,
                                             Locate locate) {
    auto made = std::make_shared<Subscriber>(config);
    // Weakly: the connection may still read when its subscriber is gone.
    auto on_message = [weak = made->weak_from_this()](std::string_view channel, std::string_view payload) {
        if (auto const subscriber = weak.lock()) subscriber->receive(channel, payload);
    };
    made->connection_ = std::make_shared<Connection>(std::move(executor), config, std::move(locate), "watch",
                                                     std::move(on_message));
    made->connection_->on_return([weak = made->weak_from_this()] {
        if (auto const subscriber = weak.lock()) subscriber->look_again();
    });
    return made;
}

void Subscriber::look_again() {
    std::lock_guard const lock{mutex_};
    for (auto& [name, client] : clients_) {
        client.may_have_missed = true;
        if (client.wake) client.wake->wake();
    }
}

void Subscriber::receive(std::string_view channel, std::string_view payload) {
    if (!channel.starts_with(prefix_)) return;
    std::vector<EndedJob> jobs;
    try {
        jobs = decode_message(payload);
    } catch (Error const& error) {
        log(LogLevel::warn,
            one_line("a message on " + std::string{channel} + " is ignored: " + error.detail()));
        return;
    }
    if (failpoint("notify.drop")) return;
    std::lock_guard const lock{mutex_};
    auto const found = clients_.find(channel.substr(prefix_.size()));
    if (found == clients_.end()) return;
    Client& client = found->second;
    for (auto& job : jobs) {
        if (client.ended.size() < most_ended) client.ended.push_back(std::move(job));
    }
    if (client.wake) client.wake->wake();
}

// The request by which this client is, or is being, subscribed.
Subscriber::Subscription Subscriber::need(std::string const& name) {
    std::lock_guard const lock{mutex_};
    auto const now = std::chrono::steady_clock::now();
    forget_idle(now);
    Client& client = clients_[name];
    client.last_seen = now;
    bool const has_failed =
        client.subscription && client.subscription->is_ended() && client.subscription->has_failed();
    if (!client.subscription || has_failed || client.subscription->is_withdrawn()) {
        client.subscription = std::make_shared<Request>(Effect::none, config_.timeout);
        connection_->subscribe(prefix_ + name, client.subscription);
        return {client.subscription, true};
    }
    if (client.subscription->is_ended()) return {};
    return {client.subscription, false};
}

void Subscriber::forget_idle(Time now) {
    for (auto entry = clients_.begin(); entry != clients_.end();) {
        bool const is_idle = !entry->second.wake && now - entry->second.last_seen > idle;
        if (is_idle) connection_->unsubscribe(prefix_ + entry->first);
        entry = is_idle ? clients_.erase(entry) : std::next(entry);
    }
}

// True when the watch is over.
bool Subscriber::look(Seat& seat, std::vector<EndedJob>& ended) {
    std::lock_guard const lock{mutex_};
    if (is_closed_) throw Error{errc::closed, config_.masked + " was closed"};
    Client& client = clients_[seat.client];
    client.last_seen = std::chrono::steady_clock::now();
    if (client.wake && client.wake != seat.wake) {
        if (!std::exchange(seat.is_first, false)) return true;  // a later watch has taken over
        client.wake->wake();
    }
    seat.is_first = false;
    client.wake = seat.wake;
    ended = std::exchange(client.ended, {});
    return !ended.empty() || std::exchange(client.may_have_missed, false);
}

void Subscriber::leave(Seat const& seat) {
    std::lock_guard const lock{mutex_};
    auto const found = clients_.find(seat.client);
    if (found == clients_.end() || found->second.wake != seat.wake) return;
    found->second.wake = nullptr;
    found->second.last_seen = std::chrono::steady_clock::now();
}

awaitable<std::vector<EndedJob>> Subscriber::watch(WatchParams params) {
    auto const begun = std::chrono::steady_clock::now();
    Seat seat{*this, params.client};
    std::vector<EndedJob> ended;
    if (look(seat, ended)) co_return ended;
    Subscription const subscription = need(params.client);
    while (subscription.request && !subscription.request->is_ended()) {
        Duration const look_again = 5ms;
        if (subscription.is_mine) {
            co_await subscription.request->wake.wait();
        } else {
            co_await io::sleep_for(look_again);
        }
    }
    if (subscription.request && subscription.request->has_failed()) {
        auto const fault = subscription.request->take_error();
        if (fault) std::rethrow_exception(fault);
        throw Error{errc::unavailable,
                    config_.masked + ": could not subscribe"};  // another watch has said why
    }
    for (;;) {
        connection_->listen();
        if (look(seat, ended)) break;
        auto const spent = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
        Duration const left = params.wait - spent;
        if (left <= 0s) break;
        co_await seat.wake->wait_for(left);
    }
    co_return ended;
}

void Subscriber::close() {
    connection_->close();  // without the lock: a message may be on its way through it to here
    std::lock_guard const lock{mutex_};
    is_closed_ = true;
    for (auto& [name, client] : clients_) {
        if (client.wake) client.wake->wake();
    }
}

}  // namespace cohort::redis
