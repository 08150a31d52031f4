// SPDX-License-Identifier: MIT
// expect: a span may be a parameter, but not part of a value: use std::vector
#include <cohort/codec.hpp>

#include <vector>

auto call() {
    return cohort::decode<std::vector<std::span<int const>>>("[]");
}
