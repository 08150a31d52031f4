// SPDX-License-Identifier: MIT
#include "broker/heard.hpp"

#include <utility>

namespace cohort {

void Heard::make_room() {
    if (young_.size() < most_jobs && bytes_ < most_bytes) return;
    has_forgotten_ = has_forgotten_ || !old_.empty();
    old_ = std::exchange(young_, {});
    bytes_ = 0;
}

void Heard::expect(JobRef const& ref) {
    make_room();
    if (!old_.contains(ref)) young_.try_emplace(ref);
}

bool Heard::keep(JobRef const& ref, Ending const& ending) {
    if (find(ref) != nullptr) return false;
    make_room();
    old_.erase(ref);
    young_[ref] = ending;
    bytes_ += ending.result.size() + ending.error.size();
    return true;
}

Ending const* Heard::find(JobRef const& ref) const {
    for (Jobs const* jobs : {&young_, &old_}) {
        auto const found = jobs->find(ref);
        if (found != jobs->end() && found->second) return &*found->second;
    }
    return nullptr;
}

bool Heard::is_foreign(JobRef const& ref) const {
    return !has_forgotten_ && !young_.contains(ref) && !old_.contains(ref);
}

}  // namespace cohort
