// SPDX-License-Identifier: MIT
// The loop that keeps one schedule: at each tick, a job of that tick's id.
#include "base/failpoint.hpp"
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/shared.hpp"
#include "worker/ticks.hpp"

#include <cohort/log.hpp>

#include <boost/asio/this_coro.hpp>

namespace cohort {

namespace {

void count_tick(Worker::Shared& shared) {
    std::lock_guard lock{shared.mutex};
    ++shared.stats.scheduled;
}

// False: the tick's job is there, and is another one. Throws where the tick is still to be given.
bool conclude(Worker::Shared& shared, Planned const& planned, Id const& id, PushResult const& result) {
    std::string const about = "schedule " + planned.name + ": " + std::string{id};
    switch (result.verdict) {
    case PushVerdict::stored:
        if (!result.is_repeat) count_tick(shared);
        return true;
    case PushVerdict::duplicate:
        log(LogLevel::info, about + " is left out, since job " + result.existing + " has not ended");
        return true;
    case PushVerdict::uncertain:
        throw Error{errc::uncertain, result.detail};
    case PushVerdict::refused:
        break;
    }
    if (result.code != errc::duplicate_job_id) throw Error{result.code, result.detail};
    return false;
}

awaitable<bool> give(Worker::Shared& shared, Planned const& planned, Instant tick) {
    NewJob job = planned.job;
    job.ref.id = tick_id(planned.name, tick);
    // By the broker's clock: a worker whose clock is fast gives a job early, and it waits.
    job.eta = tick;
    Id const id = job.ref.id;
    std::vector<NewJob> jobs;
    jobs.push_back(std::move(job));
    failpoint("cron.between_due_and_insert");
    auto const results = co_await shared.front.push(std::move(jobs));
    co_return conclude(shared, planned, id, results.front());
}

void say_other(Planned const& planned, Instant tick) {
    log(LogLevel::warn, "schedule " + planned.name + ": " + std::string{tick_id(planned.name, tick)} +
                            " is there with another function or other arguments: another worker has a "
                            "schedule of this name that says something else");
}

void say_missed(Planned const& planned, Instant tick) {
    log(LogLevel::warn, "schedule " + planned.name + ": " + std::string{tick_id(planned.name, tick)} +
                            " could not be given in time, and is left out (ScheduleOptions::catch_up is " +
                            to_string(planned.catch_up) + ")");
}

}  // namespace

awaitable<void> keep_schedule(std::shared_ptr<Worker::Shared> shared, Planned const& planned) {
    auto const executor = co_await boost::asio::this_coro::executor;
    Clock const& clock = shared->options.clock != nullptr ? *shared->options.clock : io::clock_of(executor);
    Ticks ticks{planned.when, planned.catch_up};
    std::optional<Instant> overdue;  // that could not be given
    bool was_ours = true;
    std::uint32_t failures = 0;
    for (;;) {
        std::exception_ptr trouble;
        Duration pause = 0s;
        try {
            auto const tick = ticks.due(clock.now());
            if (overdue && tick != overdue) {
                say_missed(planned, *overdue);
                failures = 0;
            }
            overdue = tick;
            if (tick) {
                bool const is_ours = co_await give(*shared, planned, *tick);
                ticks.done(*tick);
                if (was_ours && !is_ours) say_other(planned, *tick);  // once, and not at each tick
                was_ours = is_ours;
                overdue.reset();
                failures = 0;
            }
            pause = ticks.pause(clock.now());
        } catch (...) {
            trouble = std::current_exception();
        }
        if (trouble && io::is_aborted(trouble)) co_return;
        if (trouble) {
            report(*shared, "schedule " + planned.name, trouble, ++failures);
            pause = pause_after_trouble(*shared, failures);
        }
        co_await io::sleep_for(pause);
    }
}

}  // namespace cohort
