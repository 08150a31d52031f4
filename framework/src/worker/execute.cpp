// SPDX-License-Identifier: MIT
// From claimed jobs to running bodies.
#include "base/failpoint.hpp"
#include "base/recycled.hpp"
#include "io/alarm.hpp"
#include "worker/run.hpp"
#include "worker/runners.hpp"
#include "worker/shared.hpp"
#include "worker/suspects.hpp"

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

// A job that nobody knows comes by so often at least, and so seldom at most;
constexpr Duration shortest_pause = 1s;
constexpr Duration longest_pause = 1min;
// and a worker gives back no more of them in a while, however many there are.
constexpr Duration between_two = 10ms;

// In a deploy the one worker that knows it may be among many that do not, and each meeting with one of those
// costs a pause. So the pause grows with the job's age, not with the meetings: after a minute it has been
// offered sixty times. What all of them together cost is bounded by handing back one after the other.
Duration pause_of_unknown(Worker::Shared& shared, Duration age) {
    auto const now = io::steady_now(shared.runners.front()->executor());
    // Not always the same, or a job could meet the same worker each time that it comes by.
    auto const most = std::clamp<Duration>(age / 60, shortest_pause, longest_pause);
    auto const pause = std::chrono::duration_cast<Duration>(most * (0.5 + shared.random_fraction() / 2));
    std::lock_guard lock{shared.mutex};
    auto const next = std::max(shared.last_unknown + between_two, now + pause);
    shared.last_unknown = std::min(next, now + longest_pause);
    return shared.last_unknown - now;
}

// No worker may throw away what it does not know: another one may know it, after a deploy for instance. It
// goes back, uncounted, and is kept away from claims for a while; only after a long time does it fail.
Settlement hand_back_unknown(Worker::Shared& shared, JobRecord const& job) {
    Settlement settlement = hand_back(job);
    auto const age = job.started.value_or(job.created) - job.created;
    auto const span = shared.options.unknown_job;
    // It may be old for other reasons, a long delay for instance: who has not been handed back so often has
    // not been unknown for so long.
    bool const was_offered = job.counters.released * longest_pause >= span;
    if (age >= span && was_offered) {
        settlement.kind = SettleKind::failed;
        settlement.reason = FailReason::unknown_job;
        settlement.error =
            "no worker knew a job function \"" + one_line(job.name, 200) + "\" for " + to_string(span);
        return settlement;
    }
    settlement.delay = pause_of_unknown(shared, age);
    return settlement;
}

// Once for each name: a job that nobody knows comes by again and again.
void report_unknown(Worker::Shared& shared, JobRecord const& job) {
    {
        std::lock_guard lock{shared.mutex};
        constexpr std::size_t most = 1000;
        if (shared.unknown_names.size() >= most || !shared.unknown_names.insert(job.name).second) return;
    }
    shared.log(LogLevel::warn, "no job function \"" + one_line(job.name, 200) + "\" here; " +
                                   to_string(job.ref) + " and its like are left for other workers");
}

bool goes_straight_to_pool(Worker::Shared const& shared, JobEntry const& entry) {
    return entry.kind == BodyKind::plain && shared.pool && shared.decorators.empty() &&
           entry.decorators.empty();
}

void call_plain(Run& run) {
    std::exception_ptr error;
    try {
        run.checkpoint();  // it may have been cancelled while it waited for a thread
        run.entry().call(run);
    } catch (...) {
        error = std::current_exception();
    }
    run.finish(std::move(error));
}

void launch(Worker::Shared& shared, std::vector<std::shared_ptr<Run>> runs) {
    std::vector<std::function<void()>> calls;
    std::vector<std::vector<std::shared_ptr<Run>>> batches(shared.runners.size());
    auto const now = io::steady_now(shared.runners.front()->executor());  // once for all
    for (auto& run : runs) {
        auto const next = shared.next_runners++ % batches.size();
        run->begin(shared.runners[next]->executor(), now);
        if (run->job().policy.timeout > 0s) shared.limits.add(run, now);
        bool const is_plain = goes_straight_to_pool(shared, run->entry());
        run->line = is_plain ? &shared.line : &shared.line_of(next);
        if (is_plain)
            calls.push_back([run] { call_plain(*run); });
        else
            batches[next].push_back(std::move(run));
    }
    if (!calls.empty()) shared.pool->submit(std::move(calls));
    for (std::size_t i = 0; i < batches.size(); ++i) {
        if (!batches[i].empty()) shared.runners[i]->submit(std::move(batches[i]));
    }
}

}  // namespace

void execute(std::shared_ptr<Worker::Shared> const& shared, std::vector<JobRecord> jobs) {
    // The claim may have been on its way when this worker was stopped, or got stuck.
    if (shared->stopping || shared->is_stuck()) return hand_back_all(*shared, jobs);

    if (!jobs.empty()) failpoint("start.before_handler");
    std::vector<std::shared_ptr<Run>> runs;
    runs.reserve(jobs.size());
    auto const now = system_clock().steady();
    JobEntry const* entry = nullptr;
    Text name;  // of that one; mostly the next job has it too
    for (auto& job : jobs) {
        if (entry == nullptr || job.name != name) {
            name = job.name;
            entry = shared->catalog.find(name);
        }
        if (entry == nullptr) {
            report_unknown(*shared, job);
            shared->line.put(hand_back_unknown(*shared, job));
            continue;
        }
        runs.push_back(make_recycled<Run>(shared, std::move(job), entry, now));
    }
    shared->runs.add(runs);
    if (!runs.empty() && is_suspect(runs.front()->job())) {
        auto const begun = io::steady_now(shared->runners.front()->executor());
        std::lock_guard lock{shared->mutex};
        shared->room.lone_run = runs.front().get();
        shared->room.until = begun + shared->options.alone;
    }
    launch(*shared, std::move(runs));
}

}  // namespace cohort
