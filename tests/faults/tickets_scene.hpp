// SPDX-License-Identifier: MIT
// What scenarios share in which RabbitMQ calls the workers of a store.
#pragma once

#include "faults/patience.hpp"
#include "faults/rabbit_way.hpp"
#include "faults/scenario.hpp"

namespace faults {

// Workers with a lease like this look by themselves every ten seconds. What they have earlier, they were
// called for.
inline WorkerSetup waiting_for_calls() {
    WorkerSetup setup;
    setup.lease = 60s;
    return setup;
}
inline constexpr char const* no_polls = "timeout=1s&poll=60s";
inline constexpr cohort::Duration called = 2s * slowness;

// So many workers wait for calls.
inline bool are_waiting(Stage& stage, std::uint32_t workers) {
    auto const& way = rabbit_way(stage);
    return becomes_true([&] { return way.reader().depth(way.queue("tickets")).consumers == workers; }, 20s);
}

// How long it takes until a job that comes now has ended.
inline cohort::Duration time_of_one(Stage& stage) {
    auto const ended = stage.count("end");
    auto const begun = ledger_time();
    stage.asker().enqueue({.job = "ok"});
    stage.until_ended(ended + 1);
    return ledger_time() - begun;
}

}  // namespace faults
