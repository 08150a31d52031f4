// SPDX-License-Identifier: MIT
// expect: a view would outlive what it views: decode a std::string
#include <cohort/codec.hpp>

#include <vector>

auto call() {
    return cohort::decode<std::vector<std::string_view>>("[]");
}
