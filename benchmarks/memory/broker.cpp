// SPDX-License-Identifier: MIT
// The memory broker among those that are measured: client and worker in one process, on one thread but for
// plain bodies.
#include "memory/raw.hpp"
#include "support/registry.hpp"

namespace bench {

namespace {

Add const added{BrokerKind{
    .name = "memory",
    .durabilities = {""},
    .in_one_process = true,
    .url = [](Case const&) { return std::string{"memory:"}; },
    .raw =
        {
            {"enqueue_one", {raw::measure_memory_enqueue, 1}},
            {"enqueue", {raw::measure_memory_enqueue, 1}},
            {"enqueue_bulk", {raw::measure_memory_enqueue, 500}},
            {"drain", {raw::measure_memory_drain, 1}},
            {"end_to_end", {raw::measure_memory_calls, 1}},
            {"round_trip", {raw::measure_memory_calls, 1}},
        },
}};

}  // namespace

}  // namespace bench
