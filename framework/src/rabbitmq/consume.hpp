// SPDX-License-Identifier: MIT
// Consumers: how jobs come to a worker that waits for them. Never more of them than it has free slots.
#pragma once

#include "rabbitmq/engine.hpp"

namespace cohort::rabbitmq {

// How many of `slots` each of `count` queues gets: as even as can be, the first ones more.
std::vector<std::uint32_t> divide(std::uint32_t slots, std::size_t count, std::size_t first);

// A consumer for each line, with its share; none where that is 0.
awaitable<void> start_consuming(EnginePtr engine, LifePtr life, std::vector<std::string> lines,
                                std::vector<std::uint32_t> shares);
// No more deliveries come after it. What has come waits for a claim.
awaitable<void> cancel_consumers(EnginePtr engine, LifePtr life);
// The same, and what has come goes back as it was.
awaitable<void> stop_consuming(EnginePtr engine, LifePtr life);
// Does so when nobody claims for a while.
void watch_rest(EnginePtr const& engine, LifePtr const& life);

}  // namespace cohort::rabbitmq
