// SPDX-License-Identifier: MIT
// What must hold of one queue in memory, checked the slow way, by looking at every job.
#include "base/ended_limits.hpp"
#include "memory/queue.hpp"

namespace cohort::memory {

void Queue::audit(std::vector<std::string>& faults) const {
    std::array<std::uint64_t, std::size(all_states)> counted{};
    std::size_t keys = 0;
    std::uint64_t bytes = 0;
    for (Job const& job : order_) {
        JobRecord const& record = job.record;
        auto const fault = [&](std::string_view what) {
            faults.push_back("job " + to_string(record.ref) + " (" + std::string{to_string(record.state)} +
                             ") " + std::string{what});
        };
        ++counted[static_cast<std::size_t>(record.state)];
        bool const runs = record.state == JobState::running;
        if (runs != job.run.is_linked())
            fault(runs ? "runs under no lease" : "is under a lease and does not run");
        if (runs == job.place.is_linked()) fault(runs ? "waits and runs" : "has no place");
        if (runs && !record.token) fault("runs without a token");
        if (record.finished.has_value() != is_terminal(record.state)) fault("has a wrong end time");
        if (!record.result.empty() && record.state != JobState::succeeded) fault("has a result");
        if (find(record.ref.id) != &job) fault("is not found by its id");
        if (is_terminal(record.state)) bytes += ended_bytes(record);
        if (record.unique.empty() || is_terminal(record.state)) continue;
        ++keys;
        if (holder_of(record.unique) != &job) fault("does not hold its unique key");
    }
    if (counted != counts_) faults.push_back("queue " + name_ + " counts its jobs wrongly");
    if (bytes != ended_[0].bytes + ended_[1].bytes)
        faults.push_back("queue " + name_ + " weighs its ended jobs wrongly");
    if (jobs_.size() != order_.size()) faults.push_back("queue " + name_ + " knows ids without a job");
    if (keys != unique_.size()) faults.push_back("queue " + name_ + " keeps unique keys that nobody holds");
    if (claimable_.size() != counts_[static_cast<std::size_t>(JobState::queued)]) {
        faults.push_back("queue " + name_ + " offers jobs that are not queued");
    }
}

}  // namespace cohort::memory
