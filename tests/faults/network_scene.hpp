// SPDX-License-Identifier: MIT
// What scenarios in a bad network share.
#pragma once

#include "faults/patience.hpp"
#include "faults/proxy.hpp"
#include "faults/scenario.hpp"

namespace faults {

inline void set_both(Proxy& network, std::string_view mode) {
    network.set(Way::to_server, mode);
    network.set(Way::to_client, mode);
}

// Jobs that only this worker is there to run.
inline void check_works(Stage& stage, std::string const& worker) {
    auto const before = stage.count("end", worker);
    stage.asker().enqueue({.job = "ok", .number = 5, .count = 3});
    stage.until(
        "it works again", [&](auto const&) { return stage.count("end", worker) >= before + 3; },
        longest_return + 5s);
}

// One half of each connection is closed, in turns from either side, so many times while jobs run. The other
// half is closed as well, within this; who has nothing to say comes back later.
inline void close_halves(Stage& stage, Proxy& network, int times, cohort::Duration patience = 3s) {
    for (int i = 0; i < times; ++i) {
        auto const before = network.traffic();
        network.fin(i % 2 == 0 ? Way::to_client : Way::to_server);
        auto const is_noticed = [&] {
            auto const now = network.traffic();
            return now.connects - now.open >= before.connects;
        };
        CHECK(becomes_true(is_noticed, patience * slowness));
        stage.pass(std::chrono::milliseconds{50 + stage.below(100)});
    }
}

}  // namespace faults
