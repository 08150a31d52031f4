// SPDX-License-Identifier: MIT
// The verdicts on a scenario, from the ledger and from the store alone.
#pragma once

#include "faults/ledger.hpp"
#include "faults/store.hpp"

#include <string>
#include <vector>

namespace faults {

struct Verdicts {
    std::size_t jobs = 0;            // that the client was promised
    std::size_t lost = 0;            // of them, unknown to the store
    std::size_t stuck = 0;           // in the store, and not at an end
    std::size_t phantoms = 0;        // ran, although nobody was promised them
    std::size_t duplicates = 0;      // ends of bodies beyond the first of each job
    std::size_t double_commits = 0;  // jobs whose end was accepted more than once
    std::size_t wrong_results = 0;   // successes without the result of the run that was accepted
    std::size_t hung = 0;            // waits that did not end in time, or not at all
    std::size_t overruns = 0;        // jobs with more runs than their policy allows, or runs out of order
    cohort::Duration recovery{};     // the longest from a fault to the next run of a job that it hit
    std::vector<std::string> complaints;  // each of the above that must not be, and damage, in sentences
};

Verdicts judge(std::vector<Event> const& events, Store& store);

}  // namespace faults
