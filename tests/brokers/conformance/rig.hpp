// SPDX-License-Identifier: MIT
// What the suite needs of a backend: a fresh store, brokers that share it, a clock that can be moved, and a
// loop.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/inspector.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cohort::conformance {

// An operation that has been started and is looked at later.
template<class T>
class Pending {
public:
    using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    struct State {
        bool is_done = false;
        std::exception_ptr error;
        std::optional<Value> value;
        boost::asio::cancellation_signal signal;
    };

    bool is_done() const noexcept { return state->is_done; }
    std::shared_ptr<State> state = std::make_shared<State>();
};

class Rig {
public:
    virtual ~Rig() = default;

    // Another Broker object on the rig's store; with a namespace, beside it on the same server.
    virtual std::shared_ptr<Broker> open(std::string const& space = {}) = 0;
    // What the URL of brokers that are opened from now on has besides: "max_ended=3".
    std::string parameters;
    // The broker's clock moves on; whatever becomes due happens.
    virtual void advance(Duration span) = 0;
    // Runs the loop until it is so, and fails the case when it never is.
    virtual void drive_until(std::function<bool()> const& is_so) = 0;
    // Runs whatever can run at once.
    virtual void poll() = 0;
    virtual boost::asio::io_context& context() = 0;
    // True when time passes only by advance() and by waiting, so that points in time can be compared exactly.
    virtual bool is_exact() const = 0;
    // From now on it is so, if it can be; to be called before the broker is opened.
    virtual void hold_time() {}
    virtual Clock const& clock() const noexcept = 0;

    Broker& broker() {
        if (!broker_) broker_ = open();
        return *broker_;
    }
    // Ends the one that broker() gives; the next call opens another.
    void drop_broker() { broker_.reset(); }
    Inspector& inspector() { return *broker().inspector(); }
    bool can(bool Capabilities::* capability) { return broker().capabilities().*capability; }

    template<class T>
    Pending<T> start(awaitable<T> operation) {
        Pending<T> pending;
        auto slot = pending.state->signal.slot();
        auto done = [this, state = pending.state](std::exception_ptr error, auto... value) {
            state->is_done = true;
            state->error = std::move(error);
            if (!state->error) state->value.emplace(std::move(value)...);
            wake_up();
        };
        boost::asio::co_spawn(context(), std::move(operation),
                              boost::asio::bind_cancellation_slot(slot, done));
        poll();
        return pending;
    }

    // Asks it to end, as with_timeout does. It may have ended by itself just now.
    template<class T>
    void cancel(Pending<T>& pending) {
        auto emit = [state = pending.state] {
            if (!state->is_done) state->signal.emit(boost::asio::cancellation_type::terminal);
        };
        boost::asio::post(context(), emit);  // Asio wants it to come from within the loop
    }

    template<class T>
    T finish(Pending<T>& pending) {
        if (!pending.state->is_done) drive_until([&] { return pending.is_done(); });
        if (pending.state->error) std::rethrow_exception(pending.state->error);
        if constexpr (!std::is_void_v<T>) return std::move(*pending.state->value);
    }

    // Runs one operation to its end, then looks whether the store is still whole.
    template<class T>
    T run(awaitable<T> operation) {
        auto pending = start(std::move(operation));
        struct After {
            Rig& rig;
            int const uncaught = std::uncaught_exceptions();
            ~After() noexcept(false) {
                if (std::uncaught_exceptions() == uncaught) rig.check_whole();
            }
        } after{*this};
        return finish(pending);
    }

    // The invariants that can be seen from outside: audit() finds nothing, list() and the counts agree.
    void check_whole();
    bool checks_each_step = true;

protected:
    // An operation has ended: drive_until() may look.
    virtual void wake_up() {}

private:
    template<class T>
    T ask(awaitable<T> operation) {
        auto pending = start(std::move(operation));
        return finish(pending);
    }

    std::shared_ptr<Broker> broker_;
};

using RigFactory = std::unique_ptr<Rig> (*)();

}  // namespace cohort::conformance
