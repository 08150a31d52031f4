// SPDX-License-Identifier: MIT
// The table of schemes, written by CMake from the backends that are linked.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace cohort {

struct Scheme {
    std::string_view name;
    std::string_view component;                                 // of find_package(cohort COMPONENTS …)
    std::shared_ptr<Broker> (*open)(Url const&, Clock const&);  // null: known, but not built in
    // With jobs in a store that another URL names; null: it keeps them itself.
    std::shared_ptr<Broker> (*open_on_store)(Url const&, std::function<std::shared_ptr<Broker>()> const&,
                                             Clock const&) = nullptr;
};

std::span<Scheme const> schemes() noexcept;

}  // namespace cohort
