// SPDX-License-Identifier: MIT
// The table of schemes, written by CMake from the backends that are linked.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

#include <memory>
#include <span>
#include <string_view>

namespace cohort {

struct Scheme {
    std::string_view name;
    std::string_view component;                                 // of find_package(cohort COMPONENTS …)
    std::shared_ptr<Broker> (*open)(Url const&, Clock const&);  // null: known, but not built in
};

std::span<Scheme const> schemes() noexcept;

}  // namespace cohort
