// SPDX-License-Identifier: MIT
// Runs a body inside of its decorators.
#pragma once

#include <cohort/decorators.hpp>

#include <functional>
#include <span>

namespace cohort {

using ChainBody = std::function<awaitable<void>(Context&)>;

// The outer decorators, in them the inner ones, in them the body. Everything passed outlives the awaitable.
// Without decorators it costs nothing.
awaitable<void> run_chain(std::span<Decorator const> outer, std::span<Decorator const> inner,
                          Context& context, ChainBody const& body);

}  // namespace cohort
