// SPDX-License-Identifier: MIT
// Consumers: how jobs come to a worker that waits for them. Never more of them than it has free slots.
#pragma once

#include "rabbitmq/engine.hpp"

namespace cohort::rabbitmq {

// A consumer for each line, with its share; none where that is 0.
awaitable<void> start_consuming(EnginePtr engine, LifePtr life, std::vector<std::string> lines,
                                std::vector<std::uint32_t> shares);
enum class Which : std::uint8_t { all, waiting };  // waiting: those that may still be given jobs

// No more deliveries come after it. What has come waits for a claim. RabbitMQ takes back what is on its way
// to a consumer that it is told to end, and counts that as a run: so they are ended when nothing is.
awaitable<void> cancel_consumers(EnginePtr engine, LifePtr life, Which which = Which::all);
// The same, and what has come goes back as it was.
awaitable<void> stop_consuming(EnginePtr engine, LifePtr life);
// Does so when nobody claims for a while.
void watch_rest(EnginePtr const& engine, LifePtr const& life);

}  // namespace cohort::rabbitmq
