// SPDX-License-Identifier: MIT
// The verbs of the contract, on the broker's thread.
#pragma once

#include "rabbitmq/engine.hpp"
#include "rabbitmq/hop.hpp"

namespace cohort::rabbitmq {

awaitable<std::vector<PushResult>> push(EnginePtr engine, std::vector<NewJob> jobs);
awaitable<void> enlist(EnginePtr engine, WorkerInfo worker);
awaitable<BeatReply> renew(EnginePtr engine, Beat beat);
awaitable<void> retire(EnginePtr engine, std::string incarnation);
awaitable<ClaimReply> claim(EnginePtr engine, ClaimParams params, StopPtr stop);
awaitable<std::vector<Verdict>> settle(EnginePtr engine, std::vector<Settlement> settlements);
awaitable<UpkeepReply> upkeep(EnginePtr engine, UpkeepParams params);

// ---- what they share

// Publishes a waiting job on this channel: at once, or by the ladder. What it needs must be declared.
void publish_job(Engine const& engine, Channel& channel, BatchPtr const& batch, JobRecord const& job,
                 Duration delay);
awaitable<void> declare_for(Topology& topology, std::string line, Duration delay);

// What is to be done with a delivery besides running it: then it is acked.
struct Replacement {
    JobRecord record;
    Duration delay = 0s;  // where it waits again
    std::uint64_t tag = 0;
};
// Puts waiting jobs back, and tells of those that have ended, each as a confirmed message before its delivery
// is acked. One answer each: whether it is done. Throws what keeps all from being done.
awaitable<std::vector<bool>> replace(EnginePtr engine, LifePtr life, std::vector<Replacement> replacements);
// The same for deliveries that nobody runs; where that fails, the life ends, so that they come back all the
// same. Throws nothing.
awaitable<void> put_back(EnginePtr engine, LifePtr life, std::vector<Replacement> replacements);

}  // namespace cohort::rabbitmq
