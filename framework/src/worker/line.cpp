// SPDX-License-Identifier: MIT
#include "worker/line.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace cohort {

void Line::put(Settlement settlement, std::shared_ptr<Run> run) {
    {
        std::lock_guard lock{mutex_};
        if (closed_) return;
        waiting_.push_back(Outgoing{std::move(settlement), std::move(run)});
    }
    filled.wake();
}

std::vector<Outgoing> Line::take(std::size_t most) {
    std::lock_guard lock{mutex_};
    std::vector<Outgoing> taken;
    std::size_t count = std::min(most, waiting_.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (waiting_[i].failures > 1) count = std::max<std::size_t>(i, 1);
    }
    if (count == waiting_.size()) {
        taken.swap(waiting_);
        waiting_.reserve(taken.size());  // as many will follow: growing would move each several times
    } else {
        auto const end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
        taken.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
    }
    on_the_way_ += taken.size();
    return taken;
}

void Line::put_behind(std::vector<Outgoing> outgoing) {
    std::set<JobRef> jobs;
    for (auto const& one : outgoing)
        jobs.insert(one.settlement.ref);
    std::lock_guard lock{mutex_};
    on_the_way_ -= outgoing.size();
    // What the same jobs have said since then is still the later.
    std::erase_if(waiting_, [&](Outgoing& one) {
        if (!jobs.contains(one.settlement.ref)) return false;
        outgoing.push_back(std::move(one));
        return true;
    });
    waiting_.insert(waiting_.end(), std::make_move_iterator(outgoing.begin()),
                    std::make_move_iterator(outgoing.end()));
}

void Line::delivered(std::size_t count) {
    std::lock_guard lock{mutex_};
    on_the_way_ -= count;
    if (on_the_way_ == 0 && waiting_.empty()) idle.wake();
}

void Line::close() {
    std::vector<Outgoing> dropped;  // destroyed without the lock
    std::lock_guard lock{mutex_};
    closed_ = true;
    dropped.swap(waiting_);
}

bool Line::is_idle() const {
    std::lock_guard lock{mutex_};
    return waiting_.empty() && on_the_way_ == 0;
}

}  // namespace cohort
