// SPDX-License-Identifier: MIT
#include "broker/operations.hpp"

#include <algorithm>
#include <array>

namespace cohort {

std::string_view to_string(Doing doing) noexcept {
    static constexpr std::array<std::string_view, 6> names{"enqueue", "wait",   "read",
                                                           "cancel",  "forget", "run"};
    return names.at(static_cast<std::size_t>(doing));
}

std::string_view to_string(Phase phase) noexcept {
    static constexpr std::array<std::string_view, 5> names{"asked", "waiting", "running", "stopping",
                                                           "settling"};
    return names.at(static_cast<std::size_t>(phase));
}

std::optional<UnderWay> detail::find_under_way(std::vector<UnderWay> all, std::string_view id) {
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& one) { return one.ref.id == id; });
    if (found == all.end()) return std::nullopt;
    return std::move(*found);
}

void Operations::enter(detail::Operation& one) noexcept {
    one.begun = system_clock().steady();
    one.is_listed = true;
    std::lock_guard const lock{mutex_};
    one.next = first_;
    if (first_ != nullptr) first_->previous = &one;
    first_ = &one;
}

void Operations::leave(detail::Operation& one) noexcept {
    if (!std::exchange(one.is_listed, false)) return;  // its owner's alone
    std::lock_guard const lock{mutex_};
    if (one.next != nullptr) one.next->previous = one.previous;
    (one.previous != nullptr ? one.previous->next : first_) = one.next;
    one.next = one.previous = nullptr;
}

void Operations::list(std::vector<UnderWay>& all, Duration now) const {
    std::lock_guard const lock{mutex_};
    for (auto const* one = first_; one != nullptr; one = one->next) {
        for (std::size_t i = 0; i < one->count; ++i)
            all.push_back({one->refs[i], one->doing, now - one->begun, Phase::asked});
    }
}

}  // namespace cohort
