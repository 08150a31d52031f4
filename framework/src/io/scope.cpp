// SPDX-License-Identifier: MIT
#include "io/scope.hpp"

#include "io/aborted.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <list>
#include <mutex>

namespace cohort::io {

namespace asio = boost::asio;

namespace {

struct Child {
    asio::any_io_executor executor;
    std::shared_ptr<asio::cancellation_signal> signal = std::make_shared<asio::cancellation_signal>();
};

}  // namespace

struct Scope::State {
    std::mutex mutex;
    std::list<Child> children;
    bool cancelled = false;
    std::exception_ptr error;
    Wake empty;

    // A signal is emitted on the executor of its child: there nothing of the child runs at the same time.
    void cancel() {
        std::lock_guard lock{mutex};
        cancelled = true;
        for (auto const& child : children)
            emit(child);
    }

    static void emit(Child const& child) {
        asio::post(child.executor,
                   [signal = child.signal] { signal->emit(asio::cancellation_type::terminal); });
    }
};

Scope::Scope() : state_{std::make_shared<State>()} {}
Scope::~Scope() {
    state_->cancel();
}

void Scope::cancel() {
    state_->cancel();
}

namespace {

// A child's place in its scope, owned by what is called when the child ends. When its loop is destroyed it is
// not called but destroyed: the scope must not keep an executor whose loop is gone.
class Place {
public:
    Place(std::shared_ptr<Scope::State> state, std::list<Child>::iterator place)
        : state_{std::move(state)}, place_{place} {}
    ~Place() {
        std::lock_guard lock{state_->mutex};
        state_->children.erase(place_);
        if (state_->children.empty()) state_->empty.wake();
    }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;

    void failed(std::exception_ptr error) {
        {
            std::lock_guard lock{state_->mutex};
            if (state_->error) return;
            state_->error = std::move(error);
        }
        state_->cancel();
    }

private:
    std::shared_ptr<Scope::State> state_;
    std::list<Child>::iterator place_;
};

}  // namespace

void Scope::spawn(asio::any_io_executor const& executor, awaitable<void> child) {
    std::list<Child>::iterator place;
    bool cancel_now = false;
    {
        std::lock_guard lock{state_->mutex};
        place = state_->children.insert(state_->children.end(), Child{executor});
        cancel_now = state_->cancelled;
    }
    auto signal = place->signal;
    auto finish = [own = std::make_unique<Place>(state_, place)](std::exception_ptr error) mutable {
        if (error && !is_aborted(error)) own->failed(std::move(error));
        own.reset();
    };
    asio::co_spawn(executor, std::move(child),
                   asio::bind_cancellation_slot(signal->slot(), std::move(finish)));
    if (cancel_now) state_->cancel();
}

awaitable<void> Scope::join() {
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        {
            std::lock_guard lock{state_->mutex};
            if (state_->children.empty()) break;
        }
        bool const woken = co_await state_->empty.wait_quietly();
        if (!woken) state_->cancel();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (state_->error) std::rethrow_exception(std::exchange(state_->error, nullptr));
}

}  // namespace cohort::io
