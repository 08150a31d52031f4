// SPDX-License-Identifier: MIT
// What scenarios in a bad network share.
#pragma once

#include "faults/patience.hpp"
#include "faults/proxy.hpp"
#include "faults/scenario.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

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

// The way of clients and workers to their server.
struct Road {
    std::uint16_t port;                              // the server's
    std::function<void(Proxy const&)> lead_through;  // for who comes from now on
    std::function<void()> lead_directly;             // the same
    cohort::Duration patience;                       // within it, who is at a dead end tries anew

    bool is_tried_anew(Proxy const& network, std::uint64_t connects_before) const {
        return becomes_true([&] { return network.traffic().connects > connects_before; }, patience);
    }
};

// F66, F74: the second worker goes, and the one that was cut off is back at work.
inline void check_returns(Stage& stage, Proxy& network, Hand& second) {
    set_both(network, "pass");
    stage.drain(60s);
    second.stop();
    CHECK(second.wait(10s) == 0);
    check_works(stage, "w1");
    stage.drain();
    stage.check({.duplicates = 4});
}

// F66, a worker that is at work.
inline void play_dead_end(Stage& stage, Road const& road) {
    stage.asker().enqueue({.job = "ok", .number = 100, .count = 60});
    stage.asker().wait(60s);
    Proxy network{road.port};
    road.lead_through(network);
    stage.start();
    stage.until_started(4);
    auto const before = network.traffic().connects;
    set_both(network, "blackhole");
    CHECK(road.is_tried_anew(network, before));
    road.lead_directly();
    auto& other = stage.start();
    stage.drain(60s);
    stage.check({.duplicates = 4});
    check_returns(stage, network, other);
}

// F66, a worker that waits for work.
inline void play_dead_end_idle(Stage& stage, Road const& road) {
    stage.asker();
    Proxy network{road.port};
    road.lead_through(network);
    stage.start();
    CHECK(becomes_true([&] { return stage.store().enlisted() == 1; }, 20s));
    stage.pass(500ms);  // it waits now
    auto const before = network.traffic().connects;
    set_both(network, "blackhole");
    CHECK(road.is_tried_anew(network, before));
    set_both(network, "pass");
    check_works(stage, "w1");
    stage.drain();
    stage.check();
}

// F74: its jobs are the other's within this.
inline void play_cut_off(Stage& stage, Road const& road, cohort::Duration taken_over_within) {
    stage.asker().enqueue({.job = "ok", .number = 3000 * slowness, .count = 4});
    Proxy network{road.port};
    road.lead_through(network);
    WorkerSetup const setup;
    stage.start(setup);
    stage.until_started(4, "w1");
    road.lead_directly();
    auto& other = stage.start(setup);
    auto const before = network.traffic().connects;
    set_both(network, "blackhole");
    stage.asker().wait(60s);
    auto const cut = ledger_time();
    stage.until_started(4, "w2");
    CHECK(ledger_time() - cut < taken_over_within);
    CHECK(road.is_tried_anew(network, before));
    stage.pass(std::max<cohort::Duration>(cut + 4 * setup.lease - ledger_time(), 0s));
    set_both(network, "pass");
    stage.drain(60s);
    for (auto const& job : stage.store().read())
        CHECK(job.result.ends_with("/w2\""));
    check_returns(stage, network, other);
}

// F76: a hundred clients have said something to their server when they lose it.
inline void play_lost_crowd(Stage& stage, Road const& road,
                            std::function<void(cohort::Broker&, int)> const& speak) {
    Proxy network{road.port};
    road.lead_through(network);
    std::vector<std::shared_ptr<cohort::Broker>> crowd;
    for (int i = 0; i < 100; ++i) {
        crowd.push_back(stage.store().open());
        speak(*crowd.back(), i);
    }
    network.accept("refuse");
    network.rst();
    stage.pass(5s);
    auto const before = network.traffic().connects;
    network.accept("pass");
    // How many came in each tenth of a second.
    std::vector<std::uint64_t> seen{before};
    for (int i = 0; i < 130; ++i) {
        stage.pass(100ms);
        seen.push_back(network.traffic().connects);
    }
    std::uint64_t most = 0;
    for (std::size_t i = 1; i < seen.size(); ++i)
        most = std::max(most, seen[i] - seen[i - 1]);
    CHECK(seen.back() - before == 100);
    CHECK(most <= 30);
    stage.record({});
}

}  // namespace faults
