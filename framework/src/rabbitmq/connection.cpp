// SPDX-License-Identifier: MIT
#include "rabbitmq/connection.hpp"

#include "io/timeout.hpp"
#include "rabbitmq/errors.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace cohort::rabbitmq {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

// Full jitter below a bound that doubles: a server that comes back is not run over.
constexpr Duration first_pause = 50ms;
constexpr Duration longest_pause = 10s;
// A connection that lasted so long has been healthy: its end is the first failure.
constexpr auto healthy = std::chrono::seconds{5};

std::exception_ptr closed_error(Config const& config) {
    return std::make_exception_ptr(Error{errc::closed, config.masked + " was closed"});
}

// Waiting longer does not help.
bool is_final(std::exception_ptr const& error) {
    auto const code = code_of(error);
    return code == errc::auth_failed || code == errc::broker_unsupported || code == errc::protocol_error ||
           code == errc::tls_failed;
}

}  // namespace

Connection::Connection(asio::any_io_executor executor, Config const& config, std::string role)
    : executor_{std::move(executor)}, config_{config}, session_{config, std::move(role)},
      wire_{executor_, config.tls, config.masked} {}

awaitable<void> Connection::ready() {
    return wait_until_ready(true);
}
awaitable<void> Connection::ready_at_once() {
    return wait_until_ready(false);
}

awaitable<void> Connection::wait_until_ready(bool is_patient) {
    auto const self = shared_from_this();
    auto const until = Steady::now() + config_.timeout;
    start();
    for (;;) {
        if (is_closed_) std::rethrow_exception(closed_error(config_));
        if (session_.is_ready() && !trouble_) co_return;
        if (last_trouble_ && is_final(last_trouble_)) std::rethrow_exception(last_trouble_);
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        if (left <= 0s || (outage_.is_on() && !is_patient)) {
            throw Error{errc::unavailable,
                        config_.masked + ": no connection within " + to_string(config_.timeout) +
                            (last_trouble_ ? ": " + describe(last_trouble_, config_.masked) : "")};
        }
        auto const wake = std::make_shared<io::Wake>();
        waiters_.push_back(wake);
        co_await wake->wait_for(left);
        std::erase(waiters_, wake);
    }
}

void Connection::wake_waiters() {
    for (auto const& waiter : waiters_)
        waiter->wake();
}

void Connection::start() {
    if (is_closed_ || std::exchange(is_started_, true)) return;
    session_.on_output = [this] { flush_soon(); };
    auto ended = [self = shared_from_this()](std::exception_ptr error) {
        if (!error) return;
        // run() handles what can go wrong; this is a fault of ours.
        self->is_closed_ = true;
        self->session_.lost(error);
        self->wake_waiters();
        log(LogLevel::error, "the owner of a connection to " + self->config_.masked + " has ended");
    };
    asio::co_spawn(executor_, run(), std::move(ended));
}

void Connection::close() {
    is_closed_ = true;
    session_.lost(closed_error(config_));
    drop(closed_error(config_));
    watchdog_.reset();
    wake_waiters();
    stopped_.wake();
}

awaitable<void> Connection::run() {
    auto const self = shared_from_this();
    std::uint32_t failures = 0;
    while (!is_closed_) {
        trouble_ = nullptr;
        ++epoch_;
        auto const begun = Steady::now();
        try {
            io::Address const address{config_.host, config_.port, {}};
            // Bytes that stay unanswered for so long: heartbeats would have found it out.
            io::Patience const patience{config_.timeout, config_.timeout + 2 * config_.heartbeat + 15s};
            auto connecting = wire_.connect(address, patience);
            co_await io::with_timeout(std::move(connecting), config_.timeout);
            co_await serve();
        } catch (...) {
            if (!trouble_) trouble_ = std::current_exception();
        }
        wire_.close();
        if (is_closed_) break;
        last_trouble_ = trouble_;
        miss();
        session_.lost(std::make_exception_ptr(
            Error{is_final(trouble_) ? code_of(trouble_) : errc::unavailable, describe(trouble_)}));
        wake_waiters();
        failures = Steady::now() - begun >= healthy ? 1 : failures + 1;
        co_await pause(failures);
    }
    session_.lost(closed_error(config_));
    wake_waiters();
}

awaitable<void> Connection::serve() {
    if (is_closed_) co_return;
    is_writing_ = false;
    session_.open(Steady::now());
    flush();
    watch();
    for (;;) {
        std::string_view const bytes = co_await wire_.read();
        bool const was_ready = session_.is_ready();
        session_.feed(bytes, Steady::now());
        if (!was_ready && session_.is_ready()) welcome();
        flush();
        watch();
    }
}

void Connection::welcome() {
    last_trouble_ = nullptr;
    ++generation_;
    bool const was_missed = outage_.end();
    if (was_missed) log(LogLevel::info, one_line(config_.masked + ": connected again"));
    if (was_missed && on_return_) on_return_();
    wake_waiters();
}

void Connection::miss() {
    if (!outage_.is_news(code_of(trouble_))) return;
    log(LogLevel::warn, one_line(config_.masked + ": the connection is lost and will be made again: " +
                                 describe(trouble_, config_.masked)));
}

awaitable<void> Connection::pause(std::uint32_t failures) {
    auto const bound = std::min(longest_pause, first_pause * (1 << std::min(failures - 1, 8U)));
    // Wrong credentials do not become right in milliseconds, and servers count them.
    auto const least = is_final(last_trouble_) ? 1s : Duration{0s};
    std::uniform_int_distribution<Duration::rep> spread{0, bound.count()};
    Duration const span = std::max<Duration>(least, Duration{spread(random_)});
    co_await stopped_.wait_for(span);
}

// What is written in one go of the loop goes out as one.
void Connection::flush_soon() {
    if (std::exchange(is_flush_posted_, true)) return;
    asio::post(executor_, [self = shared_from_this()] {
        self->is_flush_posted_ = false;
        self->flush();
    });
}

void Connection::flush() {
    if (is_writing_ || !wire_.is_open() || trouble_) return;
    std::string bytes = session_.take_output(Steady::now());
    if (bytes.empty()) return;
    is_writing_ = true;
    wire_.write(std::move(bytes), [self = shared_from_this(), epoch = epoch_](std::exception_ptr error) {
        if (self->epoch_ != epoch) return;  // of the connection before this one
        self->is_writing_ = false;
        if (error) {
            self->drop(std::move(error));
        } else {
            self->flush();
        }
    });
}

void Connection::watch() {
    if (is_closed_) return;
    auto const next = session_.deadline();
    if (!next || (watchdog_ && watchdog_at_ <= *next)) return;
    watchdog_at_ = *next;
    auto const span = std::max<Duration>(std::chrono::ceil<Duration>(*next - Steady::now()), 1ms);
    watchdog_.emplace(executor_, span, [weak = weak_from_this()] {
        auto const self = weak.lock();
        if (!self || self->is_closed_) return;
        self->watchdog_.reset();
        try {
            self->session_.tick(Steady::now());
        } catch (Error const&) {
            self->drop(std::current_exception());
            return;
        }
        self->watch();
    });
}

// The reader finds it closed and run() goes on.
void Connection::drop(std::exception_ptr reason) {
    if (!trouble_) trouble_ = std::move(reason);
    wire_.close();
}

}  // namespace cohort::rabbitmq
