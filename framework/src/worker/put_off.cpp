// SPDX-License-Identifier: MIT
#include "worker/put_off.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cohort {

void PutOff::add(std::vector<Outgoing> refused, Duration now, Pause const& pause) {
    for (auto& outgoing : refused) {
        auto& group = groups_[outgoing.settlement.ref];
        group.due = std::max(group.due, now + pause(++outgoing.failures));
        group.outgoing.push_back(std::move(outgoing));
    }
}

void PutOff::keep_company(std::vector<Outgoing>& batch) {
    if (groups_.empty()) return;
    std::erase_if(batch, [this](Outgoing& outgoing) {
        auto const group = groups_.find(outgoing.settlement.ref);
        if (group == groups_.end()) return false;
        group->second.outgoing.push_back(std::move(outgoing));
        return true;
    });
}

std::vector<Outgoing> PutOff::take_due(Duration now) {
    std::vector<Group> due;
    for (auto group = groups_.begin(); group != groups_.end();) {
        if (group->second.due <= now) {
            due.push_back(std::move(group->second));
            group = groups_.erase(group);
        } else {
            ++group;
        }
    }
    std::sort(due.begin(), due.end(), [](Group const& a, Group const& b) { return a.due < b.due; });
    std::vector<Outgoing> taken;
    for (auto& group : due)
        std::move(group.outgoing.begin(), group.outgoing.end(), std::back_inserter(taken));
    return taken;
}

std::optional<Duration> PutOff::next() const {
    std::optional<Duration> next;
    for (auto const& [ref, group] : groups_) {
        if (!next || group.due < *next) next = group.due;
    }
    return next;
}

}  // namespace cohort
