// SPDX-License-Identifier: MIT
#include "worker/suspects.hpp"

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

// After so many releases it has waited for an idle worker long enough.
constexpr std::uint32_t patience = 4;

void put_off(Worker::Shared& shared, JobRecord const& suspect) {
    Settlement settlement = hand_back(suspect);
    if (suspect.counters.released < patience) {
        settlement.delay = 1s * (1U << suspect.counters.released);
    } else {
        std::lock_guard lock{shared.mutex};
        shared.makes_room = true;
    }
    shared.line.put(std::move(settlement));
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
    if (first == jobs.end()) co_return jobs;

    if (shared.runs.size() > 0) {
        std::erase_if(jobs, [&shared](JobRecord const& job) {
            if (!is_suspect(job)) return false;
            put_off(shared, job);
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
    while (!shared.line.is_idle())
        co_await shared.line.idle.wait();
    co_return jobs;
}

}  // namespace cohort
