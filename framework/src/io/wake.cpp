// SPDX-License-Identifier: MIT
#include "io/wake.hpp"

#include "io/alarm.hpp"
#include "io/spin_lock.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace cohort::io {

namespace asio = boost::asio;

namespace {

using Handler = asio::async_result<asio::use_awaitable_t<>, void(bool)>::handler_type;

// All pending waits of one io_context. A wait is owned by its Wake, which often lives in the very frame that
// waits; without this list nobody could destroy that circle when the context goes.
struct Pending {
    SpinLock mutex;
    std::atomic<bool> shut = false;
    Wake::State* first = nullptr;  // each knows the next, and owns itself as long as it is here
};

class PendingService : public asio::execution_context::service {
public:
    using key_type = PendingService;
    static inline asio::execution_context::id id;

    explicit PendingService(asio::execution_context& context) : service{context} {}
    void shutdown() noexcept override;

    std::shared_ptr<Pending> const pending = std::make_shared<Pending>();
};

std::shared_ptr<Pending> const& pending_of(asio::execution_context& context) {
    // Looking for a service is a search; a thread mostly serves one context. Where another one has come to
    // the same address, the list of the former is shut.
    thread_local asio::execution_context* known = nullptr;
    thread_local std::shared_ptr<Pending> pending;
    if (known != &context || pending->shut) {
        pending = asio::use_service<PendingService>(context).pending;
        known = &context;
    }
    return pending;
}

}  // namespace

struct Wake::State : std::enable_shared_from_this<State> {
    SpinLock mutex;  // taken before Pending::mutex
    bool set = false;
    std::optional<Handler> handler;
    asio::any_io_executor executor;  // tracks work while a handler is here
    std::shared_ptr<Pending> pending;
    // Its place among them; guarded by Pending::mutex.
    State* before = nullptr;
    State* behind = nullptr;
    std::shared_ptr<State> owner;  // itself

    void enter_list() {
        owner = shared_from_this();
        before = nullptr;
        behind = std::exchange(pending->first, this);
        if (behind != nullptr) behind->before = this;
    }

    // Somebody else holds this object.
    void leave_list(Pending& list) {
        (before != nullptr ? before->behind : list.first) = behind;
        if (behind != nullptr) behind->before = before;
        owner.reset();
    }

    void begin(Handler waiter) {
        auto slot = asio::get_associated_cancellation_slot(waiter);
        auto own = asio::get_associated_executor(waiter);
        auto self = shared_from_this();
        std::optional<Handler> leftover;
        std::lock_guard lock{mutex};
        handler.emplace(std::move(waiter));
        executor = asio::prefer(own, asio::execution::outstanding_work.tracked);
        pending = pending_of(asio::query(own, asio::execution::context));
        {
            std::lock_guard list_lock{pending->mutex};
            enter_list();
        }
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

    // With `mutex` held and a handler present. What is then left in `waiter` is to be destroyed without any
    // lock held.
    void finish(bool woken, std::optional<Handler>& waiter) {
        std::shared_ptr<Pending> const list = pending;
        std::lock_guard list_lock{list->mutex};
        // The context is going. Destroying the handler needs it once more, so that is left to who shuts it
        // down.
        if (list->shut) return;
        pending.reset();
        // Let go of before the lock: the context cannot be destroyed meanwhile.
        asio::any_io_executor const target = std::exchange(executor, {});
        take(waiter);
        leave_list(*list);
        asio::post(target, [resume = std::move(*waiter), woken]() mutable { resume(woken); });
    }

    void take(std::optional<Handler>& waiter) {
        if (handler) waiter.emplace(std::move(*handler));
        handler.reset();
    }

    void wake() {
        auto self = shared_from_this();
        std::optional<Handler> leftover;
        std::lock_guard lock{mutex};
        if (handler)
            finish(true, leftover);
        else
            set = true;
    }

    void cancel() {
        std::optional<Handler> leftover;
        std::lock_guard lock{mutex};
        if (handler) finish(false, leftover);
    }
};

void PendingService::shutdown() noexcept {
    std::vector<std::shared_ptr<Wake::State>> orphans;
    {
        std::lock_guard lock{pending->mutex};
        pending->shut = true;
        while (pending->first != nullptr) {
            auto& state = *pending->first;
            orphans.push_back(state.owner);
            state.leave_list(*pending);
        }
    }
    for (auto& orphan : orphans) {
        std::optional<Handler> waiter;
        asio::any_io_executor executor;
        {
            std::lock_guard lock{orphan->mutex};
            orphan->take(waiter);
            executor = std::exchange(orphan->executor, {});
            orphan->pending.reset();
        }
        // Destroying the handler destroys the frames that wait, and with them other members of this list.
    }
}

Wake::Wake() : state_{std::make_shared<State>()} {}
Wake::~Wake() = default;

void Wake::wake() const noexcept {
    state_->wake();
}

awaitable<bool> Wake::wait_quietly() const {
    auto state = state_;
    auto begin = [raw = state.get()](auto&& handler) {
        raw->begin(std::forward<decltype(handler)>(handler));
    };
    bool const woken =
        co_await asio::async_initiate<asio::use_awaitable_t<> const, void(bool)>(begin, asio::use_awaitable);
    co_return woken;
}

awaitable<void> Wake::wait() const {
    bool const woken = co_await wait_quietly();
    if (!woken) throw boost::system::system_error{asio::error::operation_aborted};
}

awaitable<bool> Wake::wait_for(Duration span) const {
    auto executor = co_await asio::this_coro::executor;
    auto late = std::make_shared<bool>(false);
    auto state = state_;
    Alarm alarm{executor, span, [late, state] {
                    *late = true;
                    state->wake();
                }};
    bool const woken = co_await wait_quietly();
    if (!woken) throw boost::system::system_error{asio::error::operation_aborted};
    bool const in_time = !*late;
    co_return in_time;
}

}  // namespace cohort::io
