// SPDX-License-Identifier: MIT
// What we keep of our own for each io_context: who waits there, who goes on next, and its alarms.
#pragma once

#include "io/spin_lock.hpp"

#include <cohort/time.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace cohort::io {

// A coroutine that waits. Its home holds it meanwhile: it often lives in the very frame that waits, and
// without a list nobody could destroy that circle when the context goes.
class Guest : public boost::intrusive::list_base_hook<> {
public:
    virtual ~Guest() = default;
    virtual void go_on() = 0;  // on the loop
    virtual void evict() = 0;  // the context goes: destroys what would have gone on

private:
    friend class Home;
    std::shared_ptr<Guest> self_;
};

// A call that is to come.
struct Ring : boost::intrusive::set_base_hook<>, boost::intrusive::list_base_hook<> {
    std::chrono::steady_clock::time_point at;
    std::uint64_t turn = 0;  // equal times ring in the order of setting
    void (*call)(void*) = nullptr;
    std::shared_ptr<void> whom;

    bool operator<(Ring const& other) const noexcept {
        return at != other.at ? at < other.at : turn < other.turn;
    }
};

// Thread-safe. A *loop of ours* is an io_context that one thread runs for as long as it lives, whether or not
// there is work. There all who were woken go on in one handler, and all alarms share one timer; elsewhere
// each has its own.
class Home : public std::enable_shared_from_this<Home> {
public:
    static std::shared_ptr<Home> const& of(boost::asio::execution_context& context);
    // Before anything waits there.
    static void make_ours(boost::asio::io_context& context);
    // Of the loop of ours that this thread runs; null where it runs none.
    static std::shared_ptr<Home> const& here() noexcept;
    // While it lives, this thread runs that loop.
    class Running;

    // Is this the plain executor of a loop of ours?
    bool is_ours(boost::asio::any_io_executor const& executor) const noexcept;

    void enter(Guest& guest, std::shared_ptr<Guest> self);
    // Takes it out and calls `then`, both under the lock: so long the context stays. False when it is going;
    // what would have gone on then ends with it.
    template<class Then>
    bool leave(Guest& guest, Then then) {
        std::shared_ptr<Guest> self;  // let go of without the lock
        std::lock_guard const lock{mutex_};
        if (shut_) return false;
        guests_.erase(guests_.iterator_to(guest));
        self = std::move(guest.self_);
        then();
        return true;
    }
    // On a loop of ours: it goes on behind what is ready to run. False as above.
    bool call_up(Guest& guest);

    // On a loop of ours, and from its thread. May be silenced at any time.
    void set(Ring& ring, Duration span);
    void silence(Ring& ring) noexcept;

    // The loop of ours: from its thread.
    boost::asio::io_context& loop() const noexcept { return *ours_; }
    // On a loop of ours: ends its run; of those who are to go on in this turn nobody else does.
    void stop();

    bool is_shut() const noexcept { return shut_; }

private:
    class Service;
    struct Rest;
    using Guests = boost::intrusive::list<Guest>;

    void post_turn();  // with the lock held
    void take_turn();
    void ring_due();
    // With the lock held.
    void put_near(std::chrono::steady_clock::time_point before);
    void arm();
    void shut();

    SpinLock mutex_;
    std::atomic<bool> shut_ = false;
    std::atomic<bool> stopped_ = false;
    Guests guests_;
    Guests next_;  // who has been called up
    bool is_posted_ = false;
    boost::asio::io_context* ours_ = nullptr;
    // Most alarms are silenced long before they ring. So those that are far off stand in no order, and come
    // to the others when the first of them may be near.
    boost::intrusive::list<Ring> far_;
    std::chrono::steady_clock::time_point first_far_ = std::chrono::steady_clock::time_point::max();
    boost::intrusive::set<Ring> rings_;
    std::uint64_t last_turn_ = 0;
    std::optional<boost::asio::steady_timer> timer_;
    std::chrono::steady_clock::time_point armed_ = std::chrono::steady_clock::time_point::max();
};

class Home::Running {
public:
    explicit Running(boost::asio::io_context& context);
    ~Running();
    Running(Running const&) = delete;
    Running& operator=(Running const&) = delete;

private:
    std::shared_ptr<Home> outer_;  // a program may run a loop within a handler of another
};

}  // namespace cohort::io
