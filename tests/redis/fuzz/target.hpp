// SPDX-License-Identifier: MIT
// What a hostile server may say, read in every way that there is. Called by libFuzzer, and in CI by a test
// with a short corpus of its own.
#pragma once

#include <string_view>
#include <vector>

namespace redis_fuzz {

// Anything but an Error or a good answer is a fault: it ends the process, or throws.
void read(std::string_view bytes);

// What each run begins with: whole conversations, and what has once been wrong.
std::vector<std::string_view> const& corpus();

}  // namespace redis_fuzz
