// SPDX-License-Identifier: MIT
// The list of what makes late cases.
#include "support/late_cases.hpp"

#include <vector>

namespace support {

namespace {

std::vector<void (*)()>& makers() {
    static std::vector<void (*)()> all;
    return all;
}

}  // namespace

LateCases::LateCases(void (*make)()) {
    makers().push_back(make);
}

void make_late_cases() {
    for (auto const make : makers())
        make();
}

}  // namespace support
