// SPDX-License-Identifier: MIT
#include "memory/queue.hpp"

#include "base/ended_limits.hpp"

#include <cohort/state.hpp>

#include <limits>

namespace cohort::memory {

namespace {

std::size_t index_of(JobState state) noexcept {
    return static_cast<std::size_t>(state);
}

bool can_expire(JobRecord const& record) noexcept {
    return record.expires != never && is_legal(record.state, Event::expire);
}

struct TurnKey {
    using Key = decltype(ByTurn::key(std::declval<Job const&>()));
    bool operator()(Key const& a, Job const& b) const noexcept { return a < ByTurn::key(b); }
    bool operator()(Job const& a, Key const& b) const noexcept { return ByTurn::key(a) < b; }
};

struct OrderKey {
    bool operator()(std::uint64_t a, Job const& b) const noexcept { return a < b.sequence; }
    bool operator()(Job const& a, std::uint64_t b) const noexcept { return a.sequence < b; }
};

}  // namespace

Queue::~Queue() {
    claimable_.clear();
    waiting_.clear();
    for (Ended& ended : ended_)
        ended.jobs.clear();
    expiring_.clear();
    order_.clear();
    orphans_.clear();
}

Job* Queue::find(Id const& id) const {
    auto const found = jobs_.find(&id);
    return found == jobs_.end() ? nullptr : found->second.get();
}

Job* Queue::find(Id const& id, Instant now) const {
    Job* const job = find(id);
    return job == nullptr || is_past(*job, now) ? nullptr : job;
}

Job* Queue::holder_of(std::string_view key) const {
    auto const found = unique_.find(key);
    return found == unique_.end() ? nullptr : found->second;
}

bool Queue::is_full() const noexcept {
    return options.max_length != 0 && claimable_.size() + waiting_.size() >= options.max_length;
}

QueueInfo Queue::info(Instant now) const {
    QueueInfo info;
    info.name = name_;
    info.jobs = counts_;
    for (Ended const& ended : ended_) {
        for (auto job = ended.jobs.begin(); job != ended.jobs.end() && job->forget <= now; ++job)
            --info.jobs[index_of(job->record.state)];
    }
    info.paused = paused;
    info.options = options;
    // The first of each priority is the oldest of it; there are at most two hundred priorities.
    for (auto job = claimable_.begin(); job != claimable_.end();) {
        Duration const age = std::max(now - job->record.due, Duration{0});
        info.oldest = std::max(info.oldest.value_or(Duration{0}), age);
        TurnKey::Key const last{-job->record.priority, never, std::numeric_limits<std::uint64_t>::max()};
        job = claimable_.upper_bound(last, TurnKey{});
    }
    return info;
}

Queue::Order::iterator Queue::after(std::uint64_t sequence) {
    return order_.upper_bound(sequence, OrderKey{});
}

Job& Queue::add(NewJob&& added, Instant now) {
    auto owned = std::make_unique<Job>(std::move(added), now);
    Job& job = *owned;
    job.sequence = ++last_sequence_;
    jobs_.emplace(&job.record.ref.id, std::move(owned));
    order_.insert(order_.end(), job);
    put_in(job);
    return job;
}

void Queue::remove(Job& job) {
    take_out(job);
    order_.erase(order_.iterator_to(job));
    // The key is in the job: it may not be gone before the entry is.
    auto const entry = jobs_.find(&job.record.ref.id);
    auto const owned = std::move(entry->second);
    jobs_.erase(entry);
}

void Queue::orphan(Holding& holding) noexcept {
    for (Job& job : holding.jobs)
        job.holder = nullptr;
    orphans_.splice(orphans_.end(), holding.jobs);
}

void Queue::take_out(Job& job) noexcept {
    JobRecord const& record = job.record;
    --counts_[index_of(record.state)];
    if (job.expiry.is_linked()) expiring_.erase(expiring_.iterator_to(job));
    if (is_terminal(record.state)) {
        Ended& ended = ended_as(record.state);
        ended.jobs.erase(ended.jobs.iterator_to(job));
        ended.bytes -= ended_bytes(record);
        return;
    }
    if (!record.unique.empty()) unique_.erase(record.unique);
    if (record.state == JobState::queued) {
        claimable_.erase(claimable_.iterator_to(job));
    } else if (record.state == JobState::running) {
        JobList& list = job.holder != nullptr ? job.holder->jobs : orphans_;
        list.erase(list.iterator_to(job));
        job.holder = nullptr;
    } else {
        waiting_.erase(waiting_.iterator_to(job));
    }
}

void Queue::put_in(Job& job) noexcept {
    JobRecord const& record = job.record;
    ++counts_[index_of(record.state)];
    if (can_expire(record)) expiring_.insert(job);
    if (is_terminal(record.state)) {
        job.forget = forget_at(record);
        Ended& ended = ended_as(record.state);
        ended.jobs.insert(ended.jobs.end(), job);
        ended.bytes += ended_bytes(record);
        return;
    }
    if (!record.unique.empty()) unique_.emplace(record.unique, &job);
    if (record.state == JobState::queued) {
        claimable_.insert(claimable_.end(), job);
    } else if (record.state == JobState::running) {
        JobList& list = job.holder != nullptr ? job.holder->jobs : orphans_;
        list.push_back(job);
    } else {
        waiting_.insert(waiting_.end(), job);
    }
}

}  // namespace cohort::memory
