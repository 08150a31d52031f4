// SPDX-License-Identifier: MIT
// The worker itself: what it is told before run(), and run(), which is a list of loops and an order of
// stopping.
#include "base/failpoint.hpp"
#include "io/alarm.hpp"
#include "io/scope.hpp"
#include "worker/run.hpp"
#include "worker/runners.hpp"
#include "worker/shared.hpp"

#include <cohort/log.hpp>
#include <cohort/worker.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace cohort {

namespace {

// Places for bodies to run: loops of our own with a pool beside them, or all on the executor that runs us.
void open_places(Worker::Shared& shared, boost::asio::any_io_executor const& executor) {
    if (shared.options.threads == 0) {
        shared.runners.push_back(std::make_shared<Runners>(executor));
        return;
    }
    shared.pool = std::make_unique<io::Pool>(shared.options.concurrency);
    for (std::uint32_t i = 0; i < shared.options.threads; ++i) {
        shared.loops.push_back(std::make_unique<io::Loop>("cohort-jobs-" + std::to_string(i)));
        shared.runners.push_back(std::make_shared<Runners>(shared.loops.back()->executor()));
        shared.loop_lines.push_back(std::make_unique<Line>());
    }
}

awaitable<void> call_hooks(std::vector<std::function<awaitable<void>()>> const& hooks) {
    for (auto const& hook : hooks)
        co_await hook();
}

// Waits for `wake` as long as `is_done` says no; false when `span` has passed first.
template<class Predicate>
awaitable<bool> wait_until(io::Wake& wake, Duration span, Predicate is_done) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto const until = add(Instant{io::steady_now(executor)}, span);
    while (!is_done()) {
        auto const rest = until - Instant{io::steady_now(executor)};
        if (rest <= 0s) co_return false;
        // Cancelling a worker that is stopping already has no further effect.
        try {
            co_await wake.wait_for(rest);
        } catch (boost::system::system_error const&) {
        }
    }
    co_return true;
}

// Jobs end, are asked to end, and are given up, in this order. Leases are renewed all the while.
awaitable<void> finish_runs(Worker::Shared& shared) {
    auto const all_done = [&shared] { return shared.runs.size() == 0; };
    auto const done_or_hurried = [&shared] { return shared.runs.size() == 0 || shared.hurried; };
    co_await wait_until(shared.runs.empty, shared.options.grace, done_or_hurried);
    if (all_done()) co_return;
    for (auto const& run : shared.runs.all())
        run->stop(StopReason::shutdown);
    bool const ended = co_await wait_until(shared.runs.empty, shared.options.cancel_grace, all_done);
    if (ended) co_return;
    auto const stuck = shared.runs.all();
    shared.log(LogLevel::warn,
               std::to_string(stuck.size()) + " jobs did not end when asked to; they are handed back");
    for (auto const& run : stuck)
        run->abandon();
}

// A coroutine body that does not return holds its loop as a plain one holds its thread: neither is waited
// for. True when all have ended.
bool end_loops(Worker::Shared& shared) {
    bool all_ended = true;
    for (auto const& loop : shared.loops) {
        if (loop->end_within(1s)) continue;
        all_ended = false;
        shared.log(LogLevel::error, "a job holds its event loop and does not return; both are left behind");
    }
    shared.loops.clear();
    return all_ended;
}

}  // namespace

Worker::Worker(std::shared_ptr<Broker> broker, WorkerOptions options)
    : shared_{std::make_shared<Shared>(std::move(broker), std::move(options))} {}

Worker::~Worker() {
    // After an orderly run() these are gone already. They hold what holds us, so they are ended here and not
    // in Shared.
    shared_->stopping = true;
    shared_->runners.clear();
    shared_->loops.clear();
    shared_->pool.reset();
    shared_->let_go();
}

void Worker::add(std::function<void(Catalog&)> const& module) {
    Catalog catalog;
    module(catalog);
    add(catalog);
}

void Worker::add(Catalog const& catalog) {
    shared_->refuse_when_started("add()");
    shared_->catalog.add(catalog);
    shared_->has_catalog = true;
}

void Worker::use(Decorator decorator) {
    shared_->refuse_when_started("use()");
    shared_->decorators.push_back(std::move(decorator));
}
void Worker::on_start(std::function<awaitable<void>()> hook) {
    shared_->refuse_when_started("on_start()");
    shared_->start_hooks.push_back(std::move(hook));
}
void Worker::on_stop(std::function<awaitable<void>()> hook) {
    shared_->refuse_when_started("on_stop()");
    shared_->stop_hooks.push_back(std::move(hook));
}
void Worker::provide(std::type_index type, std::shared_ptr<void> object) {
    shared_->refuse_when_started("provide()");
    shared_->provided[type] = std::move(object);
}

Catalog const& Worker::catalog() const {
    return shared_->has_catalog ? shared_->catalog : Catalog::registered();
}

void Worker::stop() noexcept {
    shared_->stopping = true;
    shared_->stop_asked.wake();
}

void Worker::stop_now() noexcept {
    shared_->hurried = true;
    stop();
    shared_->runs.empty.wake();
}

WorkerStats Worker::stats() const {
    std::lock_guard lock{shared_->mutex};
    WorkerStats stats = shared_->stats;
    stats.running = static_cast<std::uint32_t>(shared_->runs.size());
    return stats;
}

std::vector<UnderWay> Worker::under_way() const {
    std::vector<UnderWay> all;
    auto const now = system_clock().steady();
    for (auto const& run : shared_->runs.all()) {
        Phase const phase = run->is_settled()       ? Phase::settling
                            : run->stop_requested() ? Phase::stopping
                                                    : Phase::running;
        all.push_back({run->job().ref, Doing::run, now - run->claimed, phase});
    }
    return all;
}

std::optional<UnderWay> Worker::under_way(std::string_view id) const {
    return detail::find_under_way(under_way(), id);
}

awaitable<void> Worker::run() {
    auto const shared = shared_;
    if (shared->started.exchange(true)) throw Error{errc::already_started, "a worker runs once"};
    if (!shared->has_catalog) shared->catalog = Catalog::registered();
    if (shared->catalog.empty()) {
        throw Error{errc::no_jobs,
                    "this worker knows no job function; add() some, or link the objects with COHORT_REGISTER "
                    "(cohort_add_jobs() in CMake)"};
    }
    auto executor = co_await boost::asio::this_coro::executor;
    open_places(*shared, executor);
    co_await call_hooks(shared->start_hooks);

    // From here on a cancellation is a stop().
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    std::unique_ptr<io::Loop> beat_loop;
    if (shared->options.threads > 0) beat_loop = std::make_unique<io::Loop>("cohort-beat");
    io::Scope claiming;
    io::Scope settling;
    io::Scope scheduling;
    io::Scope rest;
    shared->claiming = true;
    // Where the jobs run, so that what is claimed goes there, and what has ended goes out, without a hop.
    claiming.spawn(shared->runners.front()->executor(), claim_jobs(shared));
    rest.spawn(executor, settle_jobs(shared, shared->line));
    for (std::size_t i = 0; i < shared->loop_lines.size(); ++i)
        settling.spawn(shared->runners[i]->executor(), settle_jobs(shared, *shared->loop_lines[i]));
    rest.spawn(executor, shared->limits.enforce(shared->options.cancel_grace));
    rest.spawn(executor, keep_up(shared));
    rest.spawn(beat_loop ? beat_loop->executor() : executor, renew_lease(shared));
    if (beat_loop) rest.spawn(beat_loop->executor(), watch_loops(shared));
    for (auto const& planned : shared->schedules)
        scheduling.spawn(executor, keep_schedule(shared, planned));

    if (!shared->stopping) co_await shared->stop_asked.wait_quietly();
    shared->stopping = true;

    // Loops that are held up by a body are not waited for before the jobs of the others are in order.
    scheduling.cancel();
    claiming.cancel();
    auto const has_claimed = [&shared] { return !shared->claiming; };
    co_await wait_until(shared->claimed_last, shared->options.cancel_grace, has_claimed);
    co_await finish_runs(*shared);
    failpoint("close.before_flush");
    auto const delivered = [&shared] { return shared->is_flushed(); };
    bool const flushed = co_await wait_until(shared->flushed, shared->options.deadline, delivered);
    if (!flushed)
        shared->log(
            LogLevel::error,
            "the broker did not take the last outcomes; their jobs run again when the lease has ended");
    rest.cancel();
    co_await rest.join();
    co_await scheduling.join();
    settling.cancel();

    auto const life = shared->current_life();
    try {
        if (!life.incarnation.empty()) co_await shared->front.retire(life.incarnation);
    } catch (std::exception const& e) {
        shared->log(LogLevel::warn, std::string{"saying goodbye: "} + e.what());
    }
    for (auto const& runners : shared->runners)
        runners->close();
    shared->runners.clear();
    // What a loop that is left behind still holds ends with it.
    if (end_loops(*shared)) {
        co_await claiming.join();
        co_await settling.join();
    }
    if (shared->pool) shared->pool->join();
    shared->let_go();
    co_await call_hooks(shared->stop_hooks);
}

}  // namespace cohort
