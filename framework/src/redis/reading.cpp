// SPDX-License-Identifier: MIT
// Who reads for a connection: its executor, or the loop that asks.
#include "io/home.hpp"
#include "io/look_out.hpp"
#include "redis/connection.hpp"

#include <boost/asio/post.hpp>

namespace cohort::redis {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

// Instead of a home: several loops ask, or threads without one.
constexpr char several = 0;

}  // namespace

void Connection::listen() {
    meet();
    std::lock_guard const lock{mutex_};
    if (may_send_here_) offer();
}

// Who asks: one loop of ours, or several threads.
void Connection::meet() {
    void const* const here = io::Home::here().get();
    void const* const known = asker_.load();
    if (known == here || known == &several) return;
    std::lock_guard const lock{mutex_};
    bool const is_alone = here != nullptr && !has_lookout_;  // the one before has gone
    asker_ = is_alone ? here : &several;
    if (is_lent_) returned_.wake();
}

// With the mutex held: to have the loop that asks alone, on this thread, hear of what comes.
void Connection::offer() {
    void const* const here = io::Home::here().get();
    if (has_lookout_ || is_ending_ || here == nullptr || asker_.load() != here) return;
    auto const in_touch = [tether = tether_](auto call) {
        std::lock_guard const lock{tether->mutex};
        return tether->connection != nullptr && call(*tether->connection);
    };
    auto look = [in_touch, epoch = epoch_] {
        return in_touch([epoch](Connection& self) { return self.read_here(epoch); });
    };
    auto gone = [in_touch, epoch = epoch_] {
        in_touch([epoch](Connection& self) {
            self.lookout_gone(epoch);
            return true;
        });
    };
    has_lookout_ = io::look_out(wire_.native(), std::move(look), std::move(gone));
}

// True when the executor need not read, for the loop that asks does.
bool Connection::lend() {
    std::lock_guard const lock{mutex_};
    bool const is_alone = has_lookout_ && asker_.load() != &several;
    if (!is_alone || !may_send_here_ || is_writing_ || is_ending_) return false;
    wire_.lay_down();
    is_lent_ = true;
    // What came between the last look and now, nobody else will hear of.
    if (feed_what_came()) return true;
    is_lent_ = false;
    wire_.take_up();
    return false;
}

// True when it was lent.
bool Connection::take_back() {
    std::lock_guard const lock{mutex_};
    if (!is_lent_) return false;
    is_lent_ = false;
    wire_.take_up();
    return true;
}

// On the loop that asks. False when it is to look no longer.
bool Connection::read_here(std::uint64_t epoch) {
    std::lock_guard const lock{mutex_};
    if (epoch != epoch_ || is_ending_ || asker_.load() == &several) return false;
    if (!is_lent_) return true;
    try {
        if (feed_what_came()) return true;
    } catch (...) {
        auto const fault = std::current_exception();
        asio::post(executor_, [weak = weak_from_this(), epoch, fault] {
            auto const self = weak.lock();
            if (self && self->epoch_ == epoch) self->drop(fault);
        });
        return false;
    }
    returned_.wake();
    return false;
}

// With the mutex held, of a wire that is laid down. False when it has ended.
bool Connection::feed_what_came() {
    auto const bytes = wire_.read_now();
    if (!bytes) return false;
    auto const now = Steady::now();
    if (!bytes->empty()) session_.feed(*bytes, now);
    if (session_.has_been_slow()) outage_end_ = now;
    return true;
}

void Connection::lookout_gone(std::uint64_t epoch) {
    std::lock_guard const lock{mutex_};
    if (epoch != epoch_) return;
    has_lookout_ = false;
    if (is_lent_) returned_.wake();
}

}  // namespace cohort::redis
