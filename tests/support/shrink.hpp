// SPDX-License-Identifier: MIT
// From a list of steps that fails to a short one that still does: delta debugging, after Zeller and
// Hildebrandt.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace support {

// `fails` plays a list from the beginning and says whether it fails; `steps` does. Plays at most `most`
// lists.
template<class Step>
std::vector<Step> shrink(std::vector<Step> steps, std::function<bool(std::vector<Step> const&)> const& fails,
                         std::size_t most = 2000) {
    std::size_t plays = 0;
    for (std::size_t piece = (steps.size() + 1) / 2; piece > 0;) {
        bool shorter = false;
        // From the end: what comes late depends on what came early, and not the other way round.
        for (std::size_t end = steps.size(); end > 0 && plays < most;) {
            std::size_t const begin = end > piece ? end - piece : 0;
            std::vector<Step> without(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(begin));
            without.insert(without.end(), steps.begin() + static_cast<std::ptrdiff_t>(end), steps.end());
            ++plays;
            if (fails(without)) {
                steps = std::move(without);
                shorter = true;
            }
            end = begin;
        }
        if (plays >= most) break;
        // Single steps are tried again as long as one of them could go.
        if (piece > 1)
            piece = (piece + 1) / 2;
        else if (!shorter)
            break;
    }
    return steps;
}

}  // namespace support
