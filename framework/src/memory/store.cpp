// SPDX-License-Identifier: MIT
#include "memory/store.hpp"

#include "base/failpoint.hpp"

#include <cohort/id.hpp>

#include <algorithm>

namespace cohort::memory {

Holding* Life::holding(Queue const& queue) const noexcept {
    for (auto const& holding : holdings) {
        if (&holding->queue == &queue) return holding.get();
    }
    return nullptr;
}

Store::Session::Session(Store& store, Door const& door) : Session{store} {
    if (door.is_closed) throw Error{errc::closed, "this memory broker was closed"};
}

Store::Session::~Session() {
    for (Queue* queue : touched_)
        queue->rouse(bells);
    lock_.unlock();
    for (auto const& wake : bells)
        wake->wake();
}

namespace {

void set_ending(Ending& ending, JobRecord const& record) {
    ending.state = record.state;
    if (!is_terminal(record.state)) return;
    ending.result = record.result;
    ending.reason = record.reason;
    ending.error = record.error;
    ending.attempt = record.counters.attempt;
}

}  // namespace

void Store::Session::touch(Queue& queue) {
    if (std::find(touched_.begin(), touched_.end(), &queue) == touched_.end()) touched_.push_back(&queue);
}

void Store::Session::ended(Queue& queue, Job& job) {
    tell(job.record);
    if (job.forget <= job.record.finished) queue.remove(job);  // nothing of it is to be kept
}

void Store::Session::tell(JobRecord const& record) {
    // Bounds for clients that watch seldom or never: beyond the first they read how the job ended, beyond the
    // second they have to find out by themselves.
    constexpr std::size_t most_endings = 1'000;
    constexpr std::size_t most = 10'000;
    if (record.client.empty() || failpoint("notify.drop")) return;
    Watcher& watcher = store_.watchers_[record.client];
    if (watcher.ended.empty()) watcher.last_seen = store_.clock.steady();
    if (watcher.ended.size() < most) {
        EndedJob& job = watcher.ended.emplace_back();
        job.ref = record.ref;
        bool const is_told = watcher.has_watched && watcher.ended.size() <= most_endings;
        if (is_told && is_terminal(record.state)) set_ending(job.ending.emplace(), record);
    }
    if (watcher.wake) bells.push_back(std::exchange(watcher.wake, nullptr));
}

Queue* Store::find_queue(std::string_view name) const {
    if (last_queue_ != nullptr && last_queue_->name() == name) return last_queue_;
    auto const found = queues.find(name);
    if (found == queues.end()) return nullptr;
    last_queue_ = found->second.get();
    return last_queue_;
}

Queue& Store::queue(std::string_view name) {
    if (Queue* known = find_queue(name)) return *known;
    std::string own{name};
    auto made = std::make_unique<Queue>(own);
    return *queues.emplace(std::move(own), std::move(made)).first->second;
}

Job* Store::find(JobRef const& ref, Instant now) const {
    Queue const* queue = find_queue(ref.queue);
    return queue == nullptr ? nullptr : queue->find(ref.id, now);
}

Life* Store::find_life(std::string_view incarnation) const {
    auto const found = lives.find(incarnation);
    return found == lives.end() ? nullptr : found->second.get();
}

std::vector<PushResult> Store::push(Door const& door, std::vector<NewJob> jobs) {
    NewJob const* last = nullptr;  // mostly the next one has its names
    for (NewJob const& job : jobs) {
        check_job_id(job.ref.id);
        if (last == nullptr || job.ref.queue != last->ref.queue) check_queue_name(job.ref.queue);
        if (last == nullptr || job.name != last->name) check_job_name(job.name);
        last = &job;
    }
    std::vector<PushResult> results;
    results.reserve(jobs.size());
    Session session{*this, door};
    Instant const now = clock.now();
    for (NewJob& job : jobs)
        results.push_back(push_one(session, std::move(job), now));
    return results;
}

PushResult Store::push_one(Session& session, NewJob&& job, Instant now) {
    PushResult result;
    Queue& home = queue(job.ref.queue);
    Job* const known = home.find(job.ref.id);
    if (known != nullptr && !is_past(*known, now)) {
        bool const is_same = known->record.name == job.name && known->record.arguments == job.arguments;
        result.is_repeat = is_same;
        if (is_same) return result;
        result.verdict = PushVerdict::refused;
        result.code = errc::duplicate_job_id;
        result.detail = "job " + to_string(job.ref) + " exists with another name or other arguments";
        return result;
    }
    Job const* const holder = job.unique.empty() ? nullptr : home.holder_of(job.unique);
    if (holder != nullptr) {
        result.verdict = PushVerdict::duplicate;
        result.existing = holder->record.ref.id;
        return result;
    }
    if (home.is_full()) {
        result.verdict = PushVerdict::refused;
        result.code = errc::queue_full;
        result.detail = "queue " + home.name() + " has its max_length of " +
                        std::to_string(home.options.max_length) + " waiting jobs";
        return result;
    }
    if (known != nullptr) home.remove(*known);
    home.add(std::move(job), now);
    session.touch(home);
    return result;
}

std::vector<Verdict> Store::settle(Door const& door, std::vector<Settlement> settlements) {
    std::vector<Verdict> verdicts;
    verdicts.reserve(settlements.size());
    Session session{*this, door};
    Instant const now = clock.now();
    for (Settlement& settlement : settlements) {
        Queue* const home = find_queue(settlement.ref.queue);
        Job* const job = home == nullptr ? nullptr : home->find(settlement.ref.id, now);
        if (job == nullptr) {
            verdicts.push_back(Verdict::gone);
        } else if (job->record.state == JobState::running && job->holder == nullptr) {
            verdicts.push_back(Verdict::fenced);  // its worker is retired, upkeep has not come to it yet
        } else if (job->record.state != JobState::running || job->record.token != settlement.token ||
                   settlement.kind == SettleKind::note) {
            verdicts.push_back(
                cohort::settle(job->record, std::move(settlement), now));  // it keeps its place
        } else {
            auto apply = [&](JobRecord& record) {
                return cohort::settle(record, std::move(settlement), now);
            };
            verdicts.push_back(session.alter(*home, *job, apply));
        }
    }
    return verdicts;
}

std::vector<CancelVerdict> Store::cancel(Door const& door, std::vector<JobRef> const& refs) {
    std::vector<CancelVerdict> verdicts;
    verdicts.reserve(refs.size());
    Session session{*this, door};
    Instant const now = clock.now();
    for (JobRef const& ref : refs) {
        Job* const job = find(ref, now);
        if (job == nullptr) {
            verdicts.push_back(CancelVerdict::unknown);
        } else if (job->record.state == JobState::running) {
            cohort::cancel(job->record, now);
            verdicts.push_back(CancelVerdict::requested);
        } else {
            auto apply = [&](JobRecord& record) { return cohort::cancel(record, now); };
            bool const waited =
                !is_terminal(job->record.state) && session.alter(queue(ref.queue), *job, apply);
            verdicts.push_back(waited ? CancelVerdict::cancelled : CancelVerdict::finished);
        }
    }
    return verdicts;
}

std::vector<bool> Store::forget(Door const& door, std::vector<JobRef> const& refs) {
    std::vector<bool> done;
    done.reserve(refs.size());
    Session const session{*this, door};
    Instant const now = clock.now();
    for (JobRef const& ref : refs) {
        Job* const job = find(ref, now);
        bool const has_ended = job != nullptr && is_terminal(job->record.state);
        if (has_ended) queue(ref.queue).remove(*job);
        done.push_back(has_ended);
    }
    return done;
}

std::vector<std::optional<JobRecord>> Store::status(Door const& door, std::vector<JobRef> const& refs) {
    std::vector<std::optional<JobRecord>> records;
    records.reserve(refs.size());
    Session const session{*this, door};
    Instant const now = clock.now();
    for (JobRef const& ref : refs) {
        Job const* const job = find(ref, now);
        records.push_back(job == nullptr ? std::nullopt : std::optional{job->record});
    }
    return records;
}

std::vector<Ending> Store::results(Door const& door, std::vector<JobRef> const& refs) {
    std::vector<Ending> endings(refs.size());
    Session const session{*this, door};
    Instant const now = clock.now();
    for (std::size_t i = 0; i < refs.size(); ++i) {
        Job const* const job = find(refs[i], now);
        endings[i].known = job != nullptr;
        if (job != nullptr) set_ending(endings[i], job->record);
    }
    return endings;
}

bool Store::watch(Door const& door, std::string const& client, std::shared_ptr<io::Wake> const& wake,
                  bool is_first, std::vector<EndedJob>& ended) {
    Session session{*this, door};
    Watcher& watcher = watchers_[client];
    watcher.has_watched = true;
    watcher.last_seen = clock.steady();
    if (watcher.wake && watcher.wake != wake) {
        if (!is_first) return true;
        session.bells.push_back(std::exchange(watcher.wake, nullptr));
    }
    ended = std::exchange(watcher.ended, {});
    watcher.ended.reserve(ended.size());  // as many will follow
    if (!ended.empty()) return true;
    watcher.wake = wake;
    watcher.door = &door;
    return false;
}

void Store::unwatch(std::string const& client, std::shared_ptr<io::Wake> const& wake) {
    Session const session{*this};
    auto const found = watchers_.find(client);
    if (found == watchers_.end() || found->second.wake != wake) return;
    found->second.wake = nullptr;
    found->second.last_seen = clock.steady();
}

void Store::forget_idle_watchers() {
    constexpr Duration idle = 1min;
    Duration const now = clock.steady();
    std::erase_if(watchers_, [&](auto const& entry) {
        return !entry.second.wake && now - entry.second.last_seen > idle;
    });
}

void Store::close(Door& door) noexcept {
    Session session{*this};
    door.is_closed = true;
    auto const is_ours = [&](Waiter const& waiter) { return waiter.door == &door; };
    for (auto& [name, queue] : queues)
        queue->line.rouse_if(is_ours, session.bells);
    for (auto& [client, watcher] : watchers_) {
        if (watcher.wake && watcher.door == &door)
            session.bells.push_back(std::exchange(watcher.wake, nullptr));
    }
}

}  // namespace cohort::memory
