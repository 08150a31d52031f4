// SPDX-License-Identifier: MIT
#include "io/wake.hpp"

#include "base/recycled.hpp"
#include "io/home.hpp"
#include "io/spin_lock.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

namespace cohort::io {

namespace asio = boost::asio;

struct Wake::State : Guest, std::enable_shared_from_this<State> {
    SpinLock mutex;  // taken before that of the home
    bool set = false;
    bool is_called_up = false;  // `answer` is on its way to the handler
    bool answer = false;
    std::atomic<bool> is_late = false;  // the limit of the present wait has passed
    std::optional<Handler> handler;
    std::shared_ptr<Home> home;      // while a handler is here
    asio::any_io_executor executor;  // likewise, where it is not that of a loop of ours; tracks work

    void begin(Handler waiter) {
        auto slot = asio::get_associated_cancellation_slot(waiter);
        auto own = asio::get_associated_executor(waiter);
        auto self = shared_from_this();
        std::optional<Handler> leftover;
        std::lock_guard lock{mutex};
        handler.emplace(std::move(waiter));
        home = Home::of(asio::query(own, asio::execution::context));
        if (!home->is_ours(own)) executor = asio::prefer(own, asio::execution::outstanding_work.tracked);
        home->enter(*this, self);
        if (set) {
            set = false;
            finish(true, leftover);
            return;
        }
        if (slot.is_connected()) {
            slot.assign([weak = weak_from_this()](asio::cancellation_type type) {
                if ((type & asio::cancellation_type::terminal) == asio::cancellation_type::none) return;
                if (auto state = weak.lock()) state->cancel();
            });
        }
    }

    // With `mutex` held and a handler that waits. What is then left in `waiter` is to be destroyed without
    // any lock held. When the context is going nothing happens: destroying the handler needs it once more, so
    // that is left to who shuts it down.
    void finish(bool woken, std::optional<Handler>& waiter) {
        auto const here = home;
        if (!executor) {
            answer = woken;
            is_called_up = true;
            if (!here->call_up(*this)) is_called_up = false;
            return;
        }
        // Let go of before the lock: the context cannot be destroyed meanwhile.
        here->leave(*this, [&] {
            asio::any_io_executor const target = std::exchange(executor, {});
            take(waiter);
            asio::post(target, [resume = std::move(*waiter), woken]() mutable { resume(woken); });
        });
    }

    void take(std::optional<Handler>& waiter) {
        if (handler) waiter.emplace(std::move(*handler));
        handler.reset();
        home.reset();
        is_called_up = false;
    }

    void go_on() override {
        std::optional<Handler> waiter;
        {
            std::lock_guard lock{mutex};
            take(waiter);
        }
        (*waiter)(answer);
    }

    void evict() override {
        std::optional<Handler> waiter;
        asio::any_io_executor last;
        std::lock_guard lock{mutex};
        take(waiter);
        last = std::exchange(executor, {});
    }

    void wake() {
        auto self = shared_from_this();
        std::optional<Handler> leftover;
        std::lock_guard lock{mutex};
        if (handler && !is_called_up)
            finish(true, leftover);
        else
            set = true;
    }

    void cancel() {
        std::optional<Handler> leftover;
        std::lock_guard lock{mutex};
        if (handler && !is_called_up) finish(false, leftover);
    }
};

Wake::Wake() : state_{make_recycled<State>()} {}
Wake::~Wake() = default;

void Wake::wake() const noexcept {
    state_->wake();
}

void Wake::begin(Handler handler) const {
    state_->begin(std::move(handler));
}

awaitable<void> Wake::wait() const {
    bool const woken = co_await wait_quietly();
    if (!woken) throw boost::system::system_error{asio::error::operation_aborted};
}

Wake::Limit::Limit(Wake const& wake, asio::any_io_executor const& executor, Duration span)
    : state_{wake.state_} {
    state_->is_late = false;
    if (span == Duration::max()) return;
    auto const ring = [](void* state) {
        static_cast<State*>(state)->is_late = true;
        static_cast<State*>(state)->wake();
    };
    alarm_.emplace(executor, span, ring, state_);
}

bool Wake::Limit::has_passed() const noexcept {
    return state_->is_late;
}

awaitable<bool> Wake::wait_for(Duration span) const {
    auto executor = co_await asio::this_coro::executor;
    Limit const limit{*this, executor, span};
    bool const woken = co_await wait_quietly();
    if (!woken) throw boost::system::system_error{asio::error::operation_aborted};
    bool const in_time = !limit.has_passed();
    co_return in_time;
}

}  // namespace cohort::io
