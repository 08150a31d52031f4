// SPDX-License-Identifier: MIT
#include "redis/connection.hpp"

#include "io/timeout.hpp"
#include "redis/errors.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

namespace cohort::redis {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

// Full jitter below a bound that doubles: a server that comes back is not run over.
constexpr Duration first_pause = 50ms;
// A connection that lasted so long has been healthy: its end is the first failure.
constexpr auto healthy = std::chrono::seconds{5};
// Who was refused comes after between half of this and all of it: servers note it, and lock users out.
constexpr Duration pause_when_refused = std::chrono::seconds{10};
// Where a loop reads that may be held up, somebody else looks so long after a question: a late look must not
// pass for a late answer, which would say that the server stood still.
constexpr auto second_look = std::chrono::seconds{1};

std::exception_ptr closed_error(Config const& config) {
    return std::make_exception_ptr(Error{errc::closed, config.masked + " was closed"});
}

}  // namespace

Locate locate_first(Config const& config) {
    auto const host = config.hosts.empty() ? Host{} : config.hosts.front();
    return [address = io::Address{host.name, host.port, config.path}]() -> awaitable<io::Address> {
        co_return address;
    };
}

Connection::Connection(asio::any_io_executor executor, Config const& config, Locate locate, std::string role,
                       Session::Message on_message)
    : executor_{std::move(executor)}, config_{config}, locate_{std::move(locate)},
      session_{config, std::move(role), std::move(on_message)}, wire_{executor_, config.tls, config.masked},
      tether_{std::make_shared<Tether>()} {
    tether_->connection = this;
}

Connection::~Connection() {
    std::lock_guard const lock{tether_->mutex};
    tether_->connection = nullptr;
}

void Connection::submit(RequestPtr request) {
    meet();
    if (send_here(request)) return;
    ++posted_;
    asio::post(executor_, [self = shared_from_this(), request = std::move(request)]() mutable {
        --self->posted_;
        self->accept(std::move(request));
    });
}

// By the thread that submits: to wake the connection's own, only to hand it some bytes, takes longer than to
// send them. It never waits; what does not go at once goes the other way.
bool Connection::send_here(RequestPtr const& request) {
    std::unique_lock lock{mutex_, std::try_to_lock};
    // Nothing overtakes what was submitted before.
    if (!lock || !may_send_here_ || is_writing_ || posted_ > 0) return false;
    auto const now = Steady::now();
    offer();
    session_.add(request, now);
    std::string bytes = session_.take_output(now);
    auto const sent = wire_.write_now(bytes);
    is_writing_ = sent < bytes.size();
    if (is_writing_) {
        bytes.erase(0, sent);
        asio::post(executor_,
                   [self = shared_from_this(), epoch = epoch_, bytes = std::move(bytes)]() mutable {
                       if (self->epoch_ == epoch) self->write(std::move(bytes));
                   });
    }
    auto const limit = is_lent_ ? std::min<Duration>(request->limit, second_look) : request->limit;
    lock.unlock();
    if (now + limit < watchdog_at_.load())
        asio::post(executor_, [self = shared_from_this()] { self->watch(); });
    return true;
}

void Connection::subscribe(std::string channel, RequestPtr request) {
    request->add({"SUBSCRIBE", channel});
    asio::post(executor_, [self = shared_from_this(), channel = std::move(channel),
                           request = std::move(request)]() mutable {
        self->channels_.insert(std::move(channel));
        self->accept(std::move(request));
    });
}

void Connection::unsubscribe(std::string channel) {
    asio::post(executor_, [self = shared_from_this(), channel = std::move(channel)] {
        if (self->channels_.erase(channel) == 0) return;
        auto request = std::make_shared<Request>(Effect::none, self->config_.timeout);
        request->add({"UNSUBSCRIBE", channel});
        self->accept(std::move(request));
    });
}

void Connection::move_to(io::Address server) {
    asio::post(executor_, [self = shared_from_this(), server = std::move(server)] {
        if (!self->at_ || (self->at_->host == server.host && self->at_->port == server.port)) return;
        self->drop(std::make_exception_ptr(
            Error{errc::unavailable,
                  "the sentinels name another master, " + server.host + ":" + std::to_string(server.port)}));
    });
}

void Connection::close() {
    {
        // From here on no other loop is in it: what it calls may go.
        std::lock_guard const lock{mutex_};
        is_ending_ = true;
    }
    asio::post(executor_, [self = shared_from_this()] {
        self->is_closed_ = true;
        {
            std::lock_guard const lock{self->mutex_};
            self->session_.close(closed_error(self->config_));
        }
        self->drop(closed_error(self->config_));
        self->watchdog_.reset();
        self->stopped_.wake();
    });
}

Duration Connection::calm() const noexcept {
    Session::Time const end = outage_end_.load();
    if (end == Session::Time::min()) return 0s;
    return std::chrono::duration_cast<Duration>(Steady::now() - end);
}

void Connection::accept(RequestPtr request) {
    if (is_closed_) {
        if (request->begin()) request->finish(closed_error(config_));
        return;
    }
    auto const now = Steady::now();
    auto const deadline = now + request->limit;
    {
        std::lock_guard const lock{mutex_};
        session_.add(std::move(request), now);
    }
    start();
    flush();
    if (deadline < watchdog_at_.load()) watch();
}

void Connection::start() {
    if (std::exchange(is_started_, true)) return;
    auto ended = [self = shared_from_this()](std::exception_ptr error) {
        if (!error) return;
        // run() handles what can go wrong; this is a fault of ours, and nobody may wait for it.
        self->is_closed_ = true;
        std::lock_guard const lock{self->mutex_};
        self->may_send_here_ = false;
        self->session_.close(error);
        log(LogLevel::error, "the owner of a connection to " + self->config_.masked + " has ended");
    };
    asio::co_spawn(executor_, run(), std::move(ended));
}

awaitable<void> Connection::run() {
    auto const self = shared_from_this();
    std::uint32_t failures = 0;
    while (!is_closed_) {
        trouble_ = nullptr;
        {
            std::lock_guard const lock{mutex_};
            ++epoch_;
            asker_ = nullptr;
            has_lookout_ = false;
        }
        auto const begun = Steady::now();
        try {
            is_connected_ = false;
            co_await connect();
            is_connected_ = true;
            co_await serve();
        } catch (...) {
            if (!trouble_) trouble_ = std::current_exception();
        }
        if (is_connected_ && !session_.is_ready()) trouble_ = explain(trouble_);
        client_id_ = 0;
        shut();
        at_.reset();
        if (is_closed_) break;
        miss();
        {
            std::lock_guard const lock{mutex_};
            session_.lost(trouble_);
        }
        failures = Steady::now() - begun >= healthy ? 1 : failures + 1;
        co_await pause(failures);
    }
    std::lock_guard const lock{mutex_};
    session_.close(closed_error(config_));
}

awaitable<void> Connection::connect() {
    auto locating = locate_();
    io::Address address = co_await std::move(locating);
    at_ = address;
    // Shorter than what a request waits, so that it hears why.
    Duration const limit = config_.timeout * 3 / 4;
    io::Patience const patience{limit, config_.timeout + config_.ping, config_.keepalive};
    auto connecting = wire_.connect(std::move(address), patience);
    std::exception_ptr fault;
    try {
        co_await io::with_timeout(std::move(connecting), limit);
    } catch (Error const& error) {
        // A server without TLS may take the greeting for a line that has not ended, and say nothing.
        bool const is_mute = error.which() == errc::timed_out && wire_.is_open() && config_.tls.is_on;
        if (!is_mute) throw;
        fault = std::current_exception();
    }
    if (fault) {
        throw Error{errc::tls_failed, config_.masked + ": no answer to TLS within " + to_string(limit) +
                                          "; does the server speak it on this port (tls-port)?"};
    }
}

awaitable<void> Connection::serve() {
    if (is_closed_) co_return;
    {
        std::lock_guard const lock{mutex_};
        is_writing_ = false;
        session_.open({channels_.begin(), channels_.end()}, Steady::now());
    }
    flush();
    watch();
    for (;;) {
        bool const is_elsewhere = lend();
        if (is_elsewhere) {
            co_await returned_.wait();
            take_back();
        }
        std::string_view const bytes = co_await wire_.read();
        bool const was_ready = session_.is_ready();
        {
            std::lock_guard const lock{mutex_};
            session_.feed(bytes, Steady::now());
            if (session_.has_been_slow()) outage_end_ = Steady::now();
        }
        bool const is_new = !was_ready && session_.is_ready();
        if (is_new) welcome();
        flush();
        if (is_new) watch();
    }
}

// Closed before anything was answered: by a server that does not want us, and has no words for it.
std::exception_ptr Connection::explain(std::exception_ptr reason) const {
    std::string why;
    try {
        std::rethrow_exception(reason);
    } catch (boost::system::system_error const& error) {
        why = error.code().message();
    } catch (...) {
        return reason;
    }
    std::string advice = "if this is its port for TLS, use rediss:";
    if (config_.tls.is_on) {
        advice = config_.tls.cert.empty() ? "it may want a certificate of ours: cert=FILE and key=FILE"
                                          : "it may not accept our certificate";
    }
    return std::make_exception_ptr(Error{
        errc::unavailable, "the server ended the connection before it answered (" + why + "); " + advice});
}

void Connection::welcome() {
    client_id_ = session_.client_id();
    if (outage_.end()) log(LogLevel::info, one_line(config_.masked + ": connected again"));
    // Who comes for the first time does not know for how long nobody could come.
    outage_end_ = Steady::now();
    if (generation_++ > 0 && on_return_) on_return_();
}

void Connection::miss() {
    if (!outage_.is_news(code_of(trouble_))) return;
    log(LogLevel::warn,
        one_line(config_.masked + ": the connection is lost and will be made again: " + describe(trouble_)));
}

awaitable<void> Connection::pause(std::uint32_t failures) {
    bool const is_refused = code_of(trouble_) == errc::auth_failed;
    auto const usual = std::min(longest_pause_.load(), first_pause * (1 << std::min(failures - 1, 8U)));
    auto const bound = is_refused ? pause_when_refused : usual;
    std::uniform_int_distribution<Duration::rep> spread{is_refused ? bound.count() / 2 : 0, bound.count()};
    Duration const span{spread(random_)};
    co_await stopped_.wait_for(span);
}

void Connection::flush() {
    std::string bytes;
    {
        std::lock_guard const lock{mutex_};
        // Those that were submitted before are sent: now others may.
        bool const is_up = wire_.is_open() && !trouble_;
        may_send_here_ = is_up && session_.is_ready() && !config_.tls.is_on;
        if (is_writing_ || !is_up) return;
        bytes = session_.take_output(Steady::now());
        if (bytes.empty()) return;
        is_writing_ = true;
    }
    write(std::move(bytes));
}

void Connection::write(std::string bytes) {
    // This takes longer than the system lets a thread do in passing: the executor does it, and reads again.
    if (take_back()) returned_.wake();
    wire_.write(std::move(bytes), [self = shared_from_this(), epoch = epoch_](std::exception_ptr error) {
        if (self->epoch_ != epoch) return;  // of the connection before this one
        {
            std::lock_guard const lock{self->mutex_};
            self->is_writing_ = false;
        }
        if (error) {
            self->drop(std::move(error));
        } else {
            self->flush();
        }
    });
}

// Sets the watchdog to whatever comes first: an answer that is late, or silence that has lasted too long.
// When that is put off meanwhile it looks in vain, which is cheaper than to set it anew each time.
void Connection::watch() {
    if (is_closed_) return;
    std::optional<Session::Time> next;
    {
        std::lock_guard const lock{mutex_};
        next = session_.deadline();
        if (session_.is_ready()) {
            auto const silence = session_.last_sign() + config_.ping;
            next = next ? std::min(*next, silence) : silence;
        }
        bool const is_elsewhere = is_lent_ && !session_.is_idle();
        if (is_elsewhere) next = std::min(*next, Steady::now() + second_look);
    }
    if (!next || watchdog_at_.load() <= *next) return;
    watchdog_at_ = *next;
    auto const span = std::chrono::ceil<Duration>(*next - Steady::now());
    watchdog_.emplace(executor_, span, [weak = weak_from_this()] {
        auto const self = weak.lock();
        if (!self) return;
        self->watchdog_.reset();
        self->watchdog_at_ = Session::Time::max();
        self->look_at_time();
    });
}

void Connection::look_at_time() {
    if (is_closed_) return;
    auto const now = Steady::now();
    bool is_late = false;
    bool is_silent = false;
    try {
        std::lock_guard const lock{mutex_};
        // The loop that asks may be busy with something else for long.
        if (is_lent_ && !feed_what_came()) returned_.wake();
        is_late = session_.expire(now);
        is_silent = session_.is_ready() && session_.is_idle() && session_.last_sign() + config_.ping <= now;
    } catch (...) {
        drop(std::current_exception());
        return;
    }
    if (is_late) {
        drop(std::make_exception_ptr(
            Error{errc::unavailable, "no answer within " + to_string(config_.timeout)}));
    } else if (is_silent) {
        auto ping = std::make_shared<Request>(Effect::none, config_.timeout);
        ping->add({"PING"});
        accept(std::move(ping));
        return;
    }
    watch();
}

// The reader finds it closed and run() goes on.
void Connection::drop(std::exception_ptr reason) {
    if (!trouble_) trouble_ = std::move(reason);
    shut();
}

void Connection::shut() {
    bool was_lent = false;
    {
        std::lock_guard const lock{mutex_};
        may_send_here_ = false;
        was_lent = std::exchange(is_lent_, false);
        wire_.close();
    }
    if (was_lent) returned_.wake();
}

}  // namespace cohort::redis
