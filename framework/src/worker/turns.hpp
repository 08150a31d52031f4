// SPDX-License-Identifier: MIT
// Which queue a claim asks first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cohort {

// Without weights always in the same order. With weights each queue comes first in proportion to its own,
// spread evenly: 3:1 gives a a b a. Used by the claim loop alone.
class Turns {
public:
    Turns(std::vector<std::string> queues, std::vector<std::uint32_t> weights);

    std::vector<std::string> next();

private:
    struct Turn {
        std::string queue;
        std::int64_t weight = 0;
        std::int64_t credit = 0;
    };
    std::vector<Turn> turns_;
};

}  // namespace cohort
