// SPDX-License-Identifier: MIT
// SQLite among the brokers that are measured.
#include "sqlite/raw.hpp"

namespace bench {

namespace {

Add const added{BrokerKind{
    .name = "sqlite",
    .durabilities = {"normal", "full"},
    .in_one_process = false,
    .url = raw::sqlite_url,
    .raw = raw::sqlite_limits(),
}};

}  // namespace

std::string raw::sqlite_url(Case const& what) {
    return "sqlite:" + what.folder + "/jobs.db?durability=" + what.durability;
}

std::map<std::string, Raw> raw::sqlite_limits() {
    return {
        {"enqueue_one", {measure_enqueue, 1}},     {"enqueue", {measure_enqueue, 100}},
        {"enqueue_bulk", {measure_enqueue, 500}},  {"drain", {measure_drain, 100}},
        {"end_to_end", {measure_end_to_end, 100}}, {"round_trip", {measure_round_trip, 1}},
    };
}

}  // namespace bench
