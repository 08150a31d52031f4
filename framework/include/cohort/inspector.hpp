// SPDX-License-Identifier: MIT
// What an operator may see and do. Separate from Broker: no client or worker needs it to do its work.
#pragma once

#include <cohort/broker.hpp>

#include <array>
#include <map>

namespace cohort {

struct QueueOptions {
    std::uint64_t max_length =
        0;  // waiting jobs (scheduled, queued, retrying) beyond which push is refused; 0 = no bound
};

struct QueueInfo {
    std::string name;
    std::array<std::uint64_t, std::size(all_states)> jobs{};  // by JobState
    bool paused = false;
    QueueOptions options;
    std::optional<Duration> oldest;  // for how long the oldest queued job has been due

    std::uint64_t count(JobState state) const noexcept { return jobs[static_cast<std::size_t>(state)]; }
};

struct ListParams {
    std::string queue;
    std::optional<JobState> state;  // nothing: all
    std::string contains;           // in id, name, arguments, error or unique key; "" = all
    std::string after;              // the cursor of the previous page
    std::uint32_t limit = 100;      // 1..1000
};

struct ListPage {
    std::vector<JobRecord> jobs;  // in the order in which they were stored
    std::string next;             // cursor; "" = the end
};

// Every verb follows the rules at the head of broker.hpp.
class Inspector {
public:
    virtual ~Inspector() = default;

    virtual awaitable<std::vector<QueueInfo>> queues() = 0;
    virtual awaitable<void> configure(std::string queue, QueueOptions options) = 0;
    // A paused queue takes new jobs and gives none; what runs goes on.
    virtual awaitable<void> pause(std::string queue) = 0;
    virtual awaitable<void> resume(std::string queue) = 0;

    virtual awaitable<ListPage> list(ListParams params) = 0;
    // A job whose queue is not known; needs the capability lookup_by_id.
    virtual awaitable<std::optional<JobRecord>> find_by_id(std::string id) = 0;

    // Removes jobs of these states; running ones are never removed. Says how many.
    virtual awaitable<std::uint64_t> purge(std::string queue, std::vector<JobState> states) = 0;
    // T15: failed, cancelled and expired jobs wait again, with their counters at zero. Says which were.
    virtual awaitable<std::vector<bool>> requeue(std::vector<JobRef> refs) = 0;

    virtual awaitable<std::vector<WorkerInfo>> workers() = 0;
    // Checks the invariants of the store (one place for each job, a lease iff running, a unique key iff not
    // terminal) and says in sentences where they do not hold. Empty: all is well.
    virtual awaitable<std::vector<std::string>> audit() = 0;
};

}  // namespace cohort
