// SPDX-License-Identifier: MIT
#include "worker/suspects.hpp"

#include "io/alarm.hpp"
#include "worker/run.hpp"

#include <boost/asio/this_coro.hpp>

namespace cohort {

namespace {

// Neighbours may take hours: a suspect does not wait for them longer than a tenth of its own time limit.
Duration patience(JobRecord const& job) {
    constexpr Duration most = 10s;
    return job.policy.timeout > 0s ? std::min<Duration>(most, job.policy.timeout / 10) : most;
}

// Whoever has lived alone for so long does not kill at once; others need the slots.
constexpr Duration longest_alone = 1min;

template<class Predicate>
awaitable<void> wait_for(io::Wake const& changed, Duration span, Predicate is_done) {
    auto executor = co_await boost::asio::this_coro::executor;
    auto const until = add(Instant{io::steady_now(executor)}, span);
    while (!is_done()) {
        auto const rest = until - Instant{io::steady_now(executor)};
        if (rest <= 0s) co_return;
        co_await changed.wait_for(rest);
    }
}

awaitable<void> run_first_alone(std::shared_ptr<Worker::Shared> const& shared) {
    auto& suspects = shared->suspects;
    auto const run = suspects.first();
    auto const neighbours_gone = [&] { return shared->runs.size() <= suspects.waiting(); };
    co_await wait_for(suspects.changed, patience(run->job()), neighbours_gone);
    suspects.take_first();
    std::vector<std::shared_ptr<Run>> alone{run};
    start_runs(shared, std::move(alone));
    auto const ended = [&] { return !shared->runs.holds(run->job().ref, *run->job().token); };
    co_await wait_for(suspects.changed, longest_alone, ended);
    suspects.first_done();
}

}  // namespace

void Suspects::add(std::shared_ptr<Run> run) {
    {
        std::lock_guard lock{mutex_};
        waiting_.push_back(std::move(run));
        ++count_;
    }
    changed.wake();
}

std::shared_ptr<Run> Suspects::first() const {
    std::lock_guard lock{mutex_};
    return waiting_.empty() ? nullptr : waiting_.front();
}

std::shared_ptr<Run> Suspects::take_first() {
    std::lock_guard lock{mutex_};
    if (waiting_.empty()) return nullptr;
    auto run = std::move(waiting_.front());
    waiting_.pop_front();
    return run;
}

std::size_t Suspects::waiting() const {
    std::lock_guard lock{mutex_};
    return waiting_.size();
}

awaitable<void> run_suspects(std::shared_ptr<Worker::Shared> shared) {
    auto& suspects = shared->suspects;
    try {
        for (;;) {
            if (suspects.first())
                co_await run_first_alone(shared);
            else
                co_await suspects.changed.wait();
            if (!suspects.any()) shared->slot_free.wake();
        }
    } catch (...) {
        // Stopped: those that have not begun go back.
        while (auto run = suspects.take_first())
            run->decline();
        throw;
    }
}

}  // namespace cohort
