// SPDX-License-Identifier: MIT
#include "worker/turns.hpp"

#include <algorithm>
#include <utility>

namespace cohort {

Turns::Turns(std::vector<std::string> queues, std::vector<std::uint32_t> weights) {
    for (std::size_t i = 0; i < queues.size(); ++i)
        turns_.push_back({std::move(queues[i]), weights.empty() ? 0 : weights[i], 0});
}

// Each turn gives every queue as much credit as it weighs, and the first one pays for all.
std::vector<std::string> Turns::next() {
    std::int64_t sum = 0;
    for (auto& turn : turns_) {
        turn.credit += turn.weight;
        sum += turn.weight;
    }
    std::vector<Turn*> order;
    for (auto& turn : turns_)
        order.push_back(&turn);
    auto const comes_first = [](Turn const* a, Turn const* b) {
        return a->credit != b->credit ? a->credit > b->credit : a < b;  // equal ones in their own order
    };
    std::sort(order.begin(), order.end(), comes_first);
    order.front()->credit -= sum;
    std::vector<std::string> queues;
    for (auto const* turn : order)
        queues.push_back(turn->queue);
    return queues;
}

}  // namespace cohort
