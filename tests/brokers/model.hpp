// SPDX-License-Identifier: MIT
// What a broker is, in the simplest words that are exact: one queue as a list that is searched from one end
// to the other. Written without the functions of <cohort/state.hpp>, so that the two can be held against each
// other.
#pragma once

#include <cohort/broker.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace model {

using namespace cohort;

struct Job {
    std::string id;
    NewJob asked;
    JobState state = JobState::queued;
    Counters counters;
    std::uint32_t generation = 0;
    bool cancel_requested = false;
    Instant due{};
    Instant expires = never;
    Instant finished{};
    std::optional<Token> token;
};

struct Worker {
    Instant deadline{};
    std::uint64_t last_claim = 0;
    bool gave = false;
};

class Queue {
public:
    Instant now{};
    std::vector<Job> jobs;                  // in the order of storing
    std::map<std::string, Worker> workers;  // those that are not retired
    bool paused = false;

    Job* find(std::string const& id) {
        auto const found =
            std::find_if(jobs.begin(), jobs.end(), [&](Job const& job) { return job.id == id; });
        return found == jobs.end() ? nullptr : &*found;
    }
    Job* holder_of(std::string const& key) {
        for (Job& job : jobs) {
            if (!key.empty() && job.asked.unique == key && !is_terminal(job.state)) return &job;
        }
        return nullptr;
    }

    PushResult push(NewJob job) {
        PushResult result;
        if (Job const* known = find(job.ref.id)) {
            if (known->asked.arguments != job.arguments) result.verdict = PushVerdict::refused;
            return result;
        }
        if (Job const* holder = holder_of(job.unique)) {
            result.verdict = PushVerdict::duplicate;
            result.existing = holder->id;
            return result;
        }
        Job& stored = jobs.emplace_back();
        stored.id = job.ref.id;
        stored.due = now + job.delay;
        stored.state = job.delay > 0s ? JobState::scheduled : JobState::queued;
        stored.expires = job.expires ? now + *job.expires : never;
        stored.asked = std::move(job);
        return result;
    }

    // The ids that a claim gives, in their order; nothing when the worker is retired.
    std::optional<std::vector<std::string>> claim(std::string const& who, std::uint64_t number,
                                                  std::uint32_t limit) {
        auto const worker = workers.find(who);
        if (worker == workers.end()) return std::nullopt;
        Token const token{who, number};
        std::vector<std::string> given;
        auto& [deadline, last, gave] = worker->second;
        if (number < last || (number == last && gave)) {
            for (Job const& job : jobs) {
                if (job.state == JobState::running && job.token == token) given.push_back(job.id);
            }
            return given;
        }
        last = number;
        gave = false;
        for (Job* next = first_claimable(); next != nullptr && given.size() < limit;
             next = first_claimable()) {
            next->state = JobState::running;
            next->expires = never;
            next->token = token;
            ++next->counters.attempt;
            given.push_back(next->id);
            gave = true;
        }
        return given;
    }

    // Nothing: not said exactly, but nothing changes.
    std::optional<Verdict> settle(Settlement const& report) {
        Job* const job = find(report.ref.id);
        if (job == nullptr) return Verdict::gone;
        if (job->token != report.token) return Verdict::fenced;
        if (job->state != JobState::running) return std::nullopt;
        bool const may_run_again = !job->cancel_requested;
        switch (report.kind) {
        case SettleKind::succeeded:
            end(*job, JobState::succeeded);
            break;
        case SettleKind::cancelled:
            end(*job, JobState::cancelled);
            break;
        case SettleKind::failed:
            ++job->counters.failures;
            end(*job, JobState::failed);
            break;
        case SettleKind::retry:
            ++job->counters.failures;
            if (!may_run_again)
                end(*job, JobState::cancelled);
            else if (job->counters.failures > job->asked.policy.max_retries)
                end(*job, JobState::failed);
            else
                again(*job, JobState::retrying, now + report.delay);
            break;
        case SettleKind::released:
            release(*job, report.delay);
            break;
        case SettleKind::note:
            break;
        }
        return Verdict::accepted;
    }

    CancelVerdict cancel(std::string const& id) {
        Job* const job = find(id);
        if (job == nullptr) return CancelVerdict::unknown;
        if (is_terminal(job->state)) return CancelVerdict::finished;
        if (job->state != JobState::running) {
            end(*job, JobState::cancelled);
            return CancelVerdict::cancelled;
        }
        job->cancel_requested = true;
        return CancelVerdict::requested;
    }

    void retire(std::string const& who) {
        if (workers.erase(who) == 0) return;
        for (std::string const& id : ids_run_by(who))
            release(*find(id), 0s);
    }

    void upkeep() {
        std::vector<std::string> late;
        for (auto const& [who, worker] : workers) {
            if (worker.deadline < now) late.push_back(who);
        }
        std::vector<std::string> ids;
        for (Job const& job : jobs)
            ids.push_back(job.id);
        for (std::string const& id : ids) {
            Job& job = *find(id);
            bool const waits = job.state == JobState::scheduled || job.state == JobState::queued;
            if (waits && now > job.expires)
                end(job, JobState::expired);
            else if (is_due(job))
                job.state = JobState::queued;
        }
        for (std::string const& who : late) {
            workers.erase(who);
            for (std::string const& id : ids_run_by(who))
                lose(*find(id));
        }
        forget();
    }

    // As soon as its retention has ended a job is unknown.
    void forget() {
        std::erase_if(
            jobs, [&](Job const& job) { return is_terminal(job.state) && now >= job.finished + keep(job); });
    }

    bool requeue(std::string const& id) {
        Job* const job = find(id);
        bool const may = job != nullptr && is_terminal(job->state) && job->state != JobState::succeeded &&
                         holder_of(job->asked.unique) == nullptr;
        if (!may) return false;
        ++job->generation;
        job->counters = {};
        job->expires = never;
        job->token.reset();
        again(*job, JobState::queued, now);
        return true;
    }

    void purge(JobState state) {
        std::erase_if(jobs, [&](Job const& job) { return job.state == state && state != JobState::running; });
    }

    // A broker may notice whenever it likes that a job is due or late.
    void notice(std::string const& id, std::optional<JobState> seen) {
        Job& job = *find(id);
        bool const waits = job.state == JobState::scheduled || job.state == JobState::queued;
        bool const is_over = !seen || seen == JobState::expired;
        if (is_over && waits && now > job.expires)
            end(job, JobState::expired);
        else if (seen == JobState::queued && is_due(job))
            job.state = JobState::queued;
    }

private:
    bool is_due(Job const& job) const {
        return (job.state == JobState::scheduled || job.state == JobState::retrying) && job.due <= now;
    }
    Job* first_claimable() {
        Job* best = nullptr;
        for (Job& job : jobs) {
            bool const is_ready = (job.state == JobState::queued || is_due(job)) && now <= job.expires;
            if (paused || !is_ready) continue;
            auto const turn = [](Job const& j) { return std::pair{-j.asked.priority, j.due}; };
            if (best == nullptr || turn(job) < turn(*best)) best = &job;
        }
        return best;
    }
    std::vector<std::string> ids_run_by(std::string const& who) const {
        std::vector<std::string> ids;
        for (Job const& job : jobs) {
            if (job.state == JobState::running && job.token->incarnation == who) ids.push_back(job.id);
        }
        return ids;
    }
    static Duration keep(Job const& job) {
        return job.state == JobState::succeeded ? job.asked.policy.keep_result : job.asked.policy.keep_error;
    }
    void again(Job& job, JobState state, Instant due) {
        job.state = state;
        job.due = due;
        job.cancel_requested = false;
    }
    void release(Job& job, Duration delay) {
        ++job.counters.released;
        if (job.cancel_requested) return end(job, JobState::cancelled);
        again(job, delay > 0s ? JobState::scheduled : JobState::queued, delay > 0s ? now + delay : job.due);
    }
    void lose(Job& job) {
        job.token.reset();
        if (job.cancel_requested) return end(job, JobState::cancelled);
        ++job.counters.lost;
        if (job.counters.lost > job.asked.policy.max_lost) return end(job, JobState::failed);
        // The first loss keeps the job's place, later ones make it wait.
        Duration const pause = pause_after_loss(job.counters.lost);
        again(job, pause > 0s ? JobState::retrying : JobState::queued, pause > 0s ? now + pause : job.due);
    }
    void end(Job& job, JobState state) {
        job.state = state;
        job.finished = now;
        job.cancel_requested = false;
        std::string const id = job.id;
        if (keep(job) == 0s) std::erase_if(jobs, [&](Job const& other) { return other.id == id; });
    }
};

}  // namespace model
