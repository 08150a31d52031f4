// SPDX-License-Identifier: MIT
#include "worker/runs.hpp"

#include "worker/run.hpp"

namespace cohort {

void Runs::add(std::vector<std::shared_ptr<Run>> const& runs) {
    std::lock_guard lock{mutex_};
    for (auto const& run : runs) {
        run->place = runs_.size();
        runs_.push_back(run);
    }
}

void Runs::remove(Run& run) {
    std::shared_ptr<Run> last;  // destroyed without the lock
    std::lock_guard lock{mutex_};
    last = std::move(runs_[run.place]);
    if (run.place + 1 < runs_.size()) {
        runs_.back()->place = run.place;
        runs_[run.place] = std::move(runs_.back());
    }
    runs_.pop_back();
    if (runs_.empty()) empty.wake();
}

void Runs::clear() {
    std::vector<std::shared_ptr<Run>> gone;  // destroyed without the lock
    std::lock_guard lock{mutex_};
    gone.swap(runs_);
}

std::size_t Runs::size() const {
    std::lock_guard lock{mutex_};
    return runs_.size();
}

bool Runs::holds(JobRef const& ref, Token const& token) const {
    std::lock_guard lock{mutex_};
    for (auto const& run : runs_) {
        if (run->job().ref == ref && run->job().token == token) return true;
    }
    return false;
}

std::vector<Held> Runs::held(std::string const& incarnation, std::vector<std::string> const& queues) const {
    std::vector<Held> counts;
    for (auto const& queue : queues)
        counts.push_back(Held{queue, 0});
    std::lock_guard lock{mutex_};
    for (auto const& run : runs_) {
        if (run->job().token->incarnation != incarnation) continue;
        for (auto& count : counts) {
            if (count.queue == run->job().ref.queue) ++count.jobs;
        }
    }
    return counts;
}

std::vector<std::shared_ptr<Run>> Runs::all() const {
    std::lock_guard lock{mutex_};
    return runs_;
}

std::shared_ptr<Run> Runs::find(JobRef const& ref, std::string const& incarnation) const {
    std::lock_guard lock{mutex_};
    for (auto const& run : runs_) {
        if (run->job().ref == ref && run->job().token->incarnation == incarnation) return run;
    }
    return nullptr;
}

}  // namespace cohort
