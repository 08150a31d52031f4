// SPDX-License-Identifier: MIT
// What ran, for the table in docs/reliability.md.
#pragma once

#include "faults/checker.hpp"

#include <string>

namespace faults {

struct Row {
    std::string broker;
    std::uint64_t seed = 0;
    Verdicts verdicts;
    std::size_t duplicates_allowed = 0;
    cohort::Duration took{};
};

// The page is written when the run has ended, if COHORT_WRITE_DOCS is set: the rows of scenarios that ran and
// passed replace the old ones.
void add_row(std::string const& scenario, Row const& row);

}  // namespace faults
