// SPDX-License-Identifier: MIT
// SQLite among the brokers that are measured.
#include "sqlite/raw.hpp"
#include "support/registry.hpp"

namespace bench {

namespace {

std::string url(Case const& what) {
    return "sqlite:" + what.folder + "/jobs.db?durability=" + what.durability;
}

Add const added{BrokerKind{
    .name = "sqlite",
    .durabilities = {"normal", "full"},
    .in_one_process = false,
    .url = url,
    .raw =
        {
            {"enqueue_one", {raw::measure_enqueue, 1}},
            {"enqueue", {raw::measure_enqueue, 100}},
            {"enqueue_bulk", {raw::measure_enqueue, 500}},
            {"drain", {raw::measure_drain, 100}},
            {"end_to_end", {raw::measure_end_to_end, 100}},
            {"round_trip", {raw::measure_round_trip, 1}},
        },
}};

}  // namespace

}  // namespace bench
