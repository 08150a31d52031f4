// SPDX-License-Identifier: MIT
// A job as it is kept in memory: its record, and the hooks by which the indexes of its queue hold it.
#pragma once

#include <cohort/state.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

#include <cstdint>
#include <tuple>
#include <utility>

namespace cohort::memory {

namespace intrusive = boost::intrusive;

struct Holding;

using SetHook = intrusive::set_member_hook<>;
using ListHook = intrusive::list_member_hook<>;

// A job is in exactly one place, so `place` serves for three indexes: claimable, waiting, finished. What runs
// is in a list of its own, by `run`.
struct Job {
    Job(NewJob&& job, Instant now) : record{make_record(std::move(job), now)} {}

    JobRecord record;
    std::uint64_t sequence = 0;  // in the order of storing
    Instant forget = never;      // when finished: the end of its retention
    Holding* holder = nullptr;   // while it runs: under which lease; null once that worker is retired
    SetHook place;
    SetHook expiry;
    SetHook order;
    ListHook run;
};

struct ByTurn {
    static auto key(Job const& job) noexcept {
        return std::tuple{-job.record.priority, job.record.due, job.sequence};
    }
    bool operator()(Job const& a, Job const& b) const noexcept { return key(a) < key(b); }
};

// Has its retention ended? Upkeep removes it some time; nobody is to see it until then.
inline bool is_past(Job const& job, Instant now) noexcept {
    return is_terminal(job.record.state) && job.forget <= now;
}

struct ByDue {
    bool operator()(Job const& a, Job const& b) const noexcept {
        return std::tie(a.record.due, a.sequence) < std::tie(b.record.due, b.sequence);
    }
};

struct ByForget {
    bool operator()(Job const& a, Job const& b) const noexcept {
        return std::tie(a.forget, a.sequence) < std::tie(b.forget, b.sequence);
    }
};

struct ByExpiry {
    bool operator()(Job const& a, Job const& b) const noexcept {
        return std::tie(a.record.expires, a.sequence) < std::tie(b.record.expires, b.sequence);
    }
};

struct ByOrder {
    bool operator()(Job const& a, Job const& b) const noexcept { return a.sequence < b.sequence; }
};

template<SetHook Job::* Hook, class Compare>
using JobSet = intrusive::set<Job, intrusive::member_hook<Job, SetHook, Hook>, intrusive::compare<Compare>>;

using JobList = intrusive::list<Job, intrusive::member_hook<Job, ListHook, &Job::run>>;

}  // namespace cohort::memory
