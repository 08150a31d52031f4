// SPDX-License-Identifier: MIT
// A figure: the median of several measurements of Cohort, beside that of the raw limit, as JSON.
#pragma once

#include "support/case.hpp"

#include <string>
#include <vector>

namespace bench {

struct Figure {
    Case what;
    std::vector<Sample> ours;
    std::uint32_t raw_batch = 1;
    std::vector<Sample> raw;  // raw[i] was measured just before ours[i]; empty where there is none
};

// One JSON object on one line. Null where a value does not exist.
std::string to_json(Figure const& figure);
// One line for people.
std::string to_text(Figure const& figure);

}  // namespace bench
