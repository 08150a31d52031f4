// SPDX-License-Identifier: MIT
#include "worker/runners.hpp"

#include "job/chain.hpp"
#include "worker/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace cohort {

namespace asio = boost::asio;

struct Runners::Runner {
    asio::cancellation_signal signal;
    io::Wake given;
    std::shared_ptr<Run> run;
};

namespace {

constexpr Duration quick_limit = 1ms;

void call_quickly(Run& run) {
    auto const begun = system_clock().steady();
    run.entry().call(run);
    auto const took = system_clock().steady() - begun;
    if (took > quick_limit && is_logged(LogLevel::warn)) {
        run.log(LogLevel::warn, "a .quick body took " + to_string(took) +
                                    " of the event loop; without .quick it would run on the pool");
    }
}

// A plain body in the middle of a chain of decorators: over to the pool and back.
awaitable<void> call_on_pool(Run& run) {
    io::Pool* const pool = run.shared().pool.get();
    if (pool == nullptr) {
        run.entry().call(run);
        co_return;
    }
    struct Crossing {
        io::Wake back;
        std::exception_ptr error;
    };
    auto crossing = std::make_shared<Crossing>();
    auto self = run.shared_from_this();
    std::vector<std::function<void()>> calls;
    calls.push_back([crossing, self] {
        try {
            self->entry().call(*self);
        } catch (...) {
            crossing->error = std::current_exception();
        }
        crossing->back.wake();
    });
    pool->submit(std::move(calls));
    // A plain body is not interrupted: what uses the run must not go on before it has ended.
    bool woken = false;
    while (!woken)
        woken = co_await crossing->back.wait_quietly();
    if (crossing->error) std::rethrow_exception(crossing->error);
}

awaitable<void> call_body(Context& context) {
    auto& run = static_cast<Run&>(context);
    switch (run.entry().kind) {
    case BodyKind::coroutine:
        co_await run.entry().start(run);
        break;
    case BodyKind::plain:
        co_await call_on_pool(run);
        break;
    case BodyKind::quick:
        call_quickly(run);
        break;
    }
}

bool is_undecorated(Run& run) noexcept {
    return run.shared().decorators.empty() && run.entry().decorators.empty();
}

// A coroutine and nothing around it.
bool is_bare(Run& run) noexcept {
    return run.entry().kind == BodyKind::coroutine && is_undecorated(run);
}

awaitable<void> execute_run(Run& run) {
    auto const& outer = run.shared().decorators;
    auto const& inner = run.entry().decorators;
    if (is_undecorated(run)) {
        co_await call_body(run);
        co_return;
    }
    std::function<awaitable<void>(Context&)> const body = call_body;
    co_await run_chain(outer, inner, run, body);
}

}  // namespace

Runners::Runners(asio::any_io_executor executor) : executor_{std::move(executor)} {}
Runners::~Runners() = default;

void Runners::submit(std::vector<std::shared_ptr<Run>> runs) {
    // At once when this is that very loop.
    asio::dispatch(executor_, [self = shared_from_this(), batch = std::move(runs)]() mutable {
        for (auto& run : batch)
            self->start(std::move(run));
    });
}

void Runners::start(std::shared_ptr<Run> run) {
    if (run->entry().kind == BodyKind::quick && is_undecorated(*run)) {
        std::exception_ptr error;
        try {
            call_quickly(*run);
        } catch (...) {
            error = std::current_exception();
        }
        run->finish(std::move(error));
        return;
    }
    if (!idle_.empty()) {
        auto runner = std::move(idle_.back());
        idle_.pop_back();
        runner->run = std::move(run);
        runner->given.wake();
        return;
    }
    auto runner = std::make_shared<Runner>();
    runner->run = std::move(run);
    auto slot = runner->signal.slot();
    auto own = [runner](std::exception_ptr) {};  // serve() catches what bodies throw
    asio::co_spawn(executor_, serve(shared_from_this(), runner), asio::bind_cancellation_slot(slot, own));
}

awaitable<void> Runners::serve(std::shared_ptr<Runners> self, std::shared_ptr<Runner> runner) {
    co_await asio::this_coro::throw_if_cancelled(false);
    Run::Canceller const canceller = std::shared_ptr<asio::cancellation_signal>{runner, &runner->signal};
    for (;;) {
        auto run = std::exchange(runner->run, nullptr);
        if (run) {
            run->set_canceller(canceller);
            std::exception_ptr error;
            try {
                if (run->stop_requested()) throw Stopped{};
                co_await asio::this_coro::throw_if_cancelled(true);
                if (is_bare(*run))
                    co_await run->entry().start(*run);  // without frames in between
                else
                    co_await execute_run(*run);
            } catch (...) {
                error = std::current_exception();
            }
            run->set_canceller({});
            run->finish(std::move(error));
            run.reset();
            // The next body starts uncancelled.
            co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
            co_await asio::this_coro::throw_if_cancelled(false);
        }
        if (runner->run) continue;
        if (self->closed_) co_return;
        self->idle_.push_back(runner);
        co_await runner->given.wait_quietly();
    }
}

void Runners::close() {
    asio::post(executor_, [self = shared_from_this()] {
        self->closed_ = true;
        auto idle = std::exchange(self->idle_, {});
        for (auto const& runner : idle)
            runner->given.wake();
    });
}

}  // namespace cohort
