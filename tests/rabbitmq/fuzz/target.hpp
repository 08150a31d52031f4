// SPDX-License-Identifier: MIT
// What a hostile server may say, read in every way that there is. Called by libFuzzer, and in CI by a test
// with a short corpus of its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rabbitmq_fuzz {

// Anything but an Error or a good answer is a fault: it ends the process, or throws.
void read(std::string_view bytes);

// What each run begins with: whole conversations, parts of them, and what has once been wrong.
std::vector<std::string> const& corpus();

}  // namespace rabbitmq_fuzz
