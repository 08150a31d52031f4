// SPDX-License-Identifier: MIT
// How often this process has allocated memory: calls of operator new, and of aligned_alloc, from which Asio
// takes the frames of coroutines. C libraries that call malloc are not counted.
#pragma once

#include <cstdint>

namespace bench {

std::uint64_t allocations() noexcept;

}  // namespace bench
