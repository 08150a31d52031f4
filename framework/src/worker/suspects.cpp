// SPDX-License-Identifier: MIT
#include "worker/suspects.hpp"

#include "io/alarm.hpp"
#include "worker/run.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

// After so many releases it has waited for an idle worker long enough.
constexpr std::uint32_t patience = 4;

bool runs_suspect(Worker::Shared const& shared) {
    auto const runs = shared.runs.all();
    return std::any_of(runs.begin(), runs.end(), [](auto const& run) { return is_suspect(run->job()); });
}

void put_off(Worker::Shared& shared, JobRecord const& suspect, Duration now) {
    Settlement settlement = hand_back(suspect);
    if (suspect.counters.released < patience || runs_suspect(shared)) {
        settlement.delay = 1s * (1U << std::min(suspect.counters.released, patience));
    } else {
        std::lock_guard lock{shared.mutex};
        shared.room.is_being_made = true;
        shared.room.until = now + shared.options.alone;
    }
    shared.line.put(std::move(settlement));
}

// True once for each time that room was made.
bool takes_room(Worker::Shared& shared) {
    std::lock_guard lock{shared.mutex};
    return std::exchange(shared.room.is_made, false);
}

}  // namespace

Settlement hand_back(JobRecord const& job) {
    Settlement settlement;
    settlement.ref = job.ref;
    settlement.token = *job.token;
    settlement.kind = SettleKind::released;
    return settlement;
}

void hand_back_all(Worker::Shared& shared, std::vector<JobRecord> const& jobs) {
    for (auto const& job : jobs)
        shared.line.put(hand_back(job));
}

bool is_suspect(JobRecord const& job) noexcept {
    return job.policy.max_lost > 0 && job.counters.lost >= job.policy.max_lost;
}

awaitable<std::vector<JobRecord>> set_suspects_apart(Worker::Shared& shared, std::vector<JobRecord> jobs) {
    auto const first = std::find_if(jobs.begin(), jobs.end(), is_suspect);
    if (first == jobs.end()) {
        if (!jobs.empty()) takes_room(shared);  // it has gone elsewhere
        co_return jobs;
    }

    auto const executor = co_await boost::asio::this_coro::executor;
    auto const now = io::steady_now(executor);
    bool const has_room = takes_room(shared) && !runs_suspect(shared);
    if (shared.runs.size() > 0 && !has_room) {
        std::erase_if(jobs, [&shared, now](JobRecord const& job) {
            if (!is_suspect(job)) return false;
            put_off(shared, job, now);
            return true;
        });
        co_return jobs;
    }
    std::iter_swap(jobs.begin(), first);
    std::vector<JobRecord> const rest{std::make_move_iterator(jobs.begin() + 1),
                                      std::make_move_iterator(jobs.end())};
    jobs.resize(1);
    hand_back_all(shared, rest);
    // It may kill this worker at once, with all that the worker holds.
    auto const until = now + shared.options.alone;
    for (auto rest_of_time = until - now; rest_of_time > 0s && !shared.line.is_idle();
         rest_of_time = until - io::steady_now(executor))
        co_await shared.line.idle.wait_for(rest_of_time);
    co_return jobs;
}

}  // namespace cohort
