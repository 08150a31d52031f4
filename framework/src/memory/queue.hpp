// SPDX-License-Identifier: MIT
// One queue in memory: its jobs, and the indexes that find the next one for each purpose.
#pragma once

#include "memory/job.hpp"
#include "memory/line.hpp"

#include <cohort/inspector.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::memory {

// What one worker runs of one queue.
struct Holding {
    explicit Holding(Queue& its_queue) : queue{its_queue} {}
    ~Holding() { jobs.clear(); }

    Queue& queue;
    JobList jobs;
    std::uint64_t last_claim = 0;
    bool gave = false;  // the last claim took jobs here
};

// Not thread-safe: it is used under the store's lock.
class Queue {
public:
    using Turns = JobSet<&Job::place, ByTurn>;
    using Dues = JobSet<&Job::place, ByDue>;
    using Forgets = JobSet<&Job::place, ByForget>;
    using Expiries = JobSet<&Job::expiry, ByExpiry>;
    using Order = JobSet<&Job::order, ByOrder>;

    explicit Queue(std::string name) : name_{std::move(name)} {}
    ~Queue();
    Queue(Queue const&) = delete;
    Queue& operator=(Queue const&) = delete;

    std::string const& name() const noexcept { return name_; }
    // The jobs, by purpose. First the next to run, to fall due, to expire, and the oldest.
    Turns& claimable() noexcept { return claimable_; }
    Dues& waiting() noexcept { return waiting_; }
    Expiries& expiring() noexcept { return expiring_; }
    // What has ended: those that succeeded, and the others. First the next to be forgotten.
    struct Ended {
        Forgets jobs;
        std::uint64_t bytes = 0;
    };
    std::array<Ended, 2>& ended() noexcept { return ended_; }
    Order& all() noexcept { return order_; }
    JobList& orphans() noexcept { return orphans_; }  // still running when their worker was retired

    // Also what upkeep has not yet removed though its retention has ended.
    Job* find(Id const& id) const;
    // Not that: it is as unknown as if it were gone.
    Job* find(Id const& id, Instant now) const;
    // The job that holds the unique key.
    Job* holder_of(std::string_view key) const;
    bool is_full() const noexcept;
    Instant next_due() const noexcept { return waiting_.empty() ? never : waiting_.begin()->record.due; }
    QueueInfo info(Instant now) const;
    // The first job that was stored later than the one of that sequence.
    Order::iterator after(std::uint64_t sequence);

    Job& add(NewJob&& added, Instant now);
    void remove(Job& job);
    // The one way to change a record's state: takes the job out of its place, lets `change` alter the record,
    // and puts it where it then belongs. A job that is to run needs `change` to set its holder.
    template<class Change>
    auto alter(Job& job, Change change) {
        take_out(job);
        struct PutBack {
            Queue& queue;
            Job& job;
            ~PutBack() { queue.put_in(job); }
        } put_back{*this, job};
        return change(job.record);
    }
    // The lease on these jobs has ended; nobody may settle them any more.
    void orphan(Holding& holding) noexcept;

    void rouse(Bells& bells) {
        if (!paused && !line.empty()) line.rouse(claimable_.size(), next_due(), bells);
    }
    // Sentences about what does not hold.
    void audit(std::vector<std::string>& faults) const;

    bool paused = false;
    QueueOptions options;
    Line line;

private:
    void take_out(Job& job) noexcept;
    void put_in(Job& job) noexcept;
    Ended& ended_as(JobState state) noexcept { return ended_[state == JobState::succeeded ? 0 : 1]; }

    std::string name_;
    struct ById {
        std::size_t operator()(Id const* id) const noexcept { return id->hash(); }
        bool operator()(Id const* a, Id const* b) const noexcept { return *a == *b; }
    };
    boost::unordered_flat_map<Id const*, std::unique_ptr<Job>, ById, ById> jobs_;
    boost::unordered_flat_map<std::string_view, Job*> unique_;
    Turns claimable_;
    Dues waiting_;
    std::array<Ended, 2> ended_;
    Expiries expiring_;
    Order order_;
    JobList orphans_;
    std::array<std::uint64_t, std::size(all_states)> counts_{};
    std::uint64_t last_sequence_ = 0;
};

}  // namespace cohort::memory
