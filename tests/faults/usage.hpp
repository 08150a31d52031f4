// SPDX-License-Identifier: MIT
// What a process holds, as the kernel counts it.
#pragma once

#include <cstddef>
#include <string>

namespace faults {

struct Usage {
    std::size_t descriptors = 0;
    std::size_t threads = 0;
    std::size_t kilobytes = 0;  // resident
};

// Of this process, or of another one of the same user.
Usage usage_of(std::string const& pid = "self");

}  // namespace faults
