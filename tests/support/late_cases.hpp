// SPDX-License-Identifier: MIT
// Cases that can be made only when all static objects are there: main makes them before it does anything
// else.
#pragma once

namespace support {

struct LateCases {
    explicit LateCases(void (*make)());  // a static object
};

void make_late_cases();

}  // namespace support
