// SPDX-License-Identifier: MIT
// A bad network between workers, clients and a RabbitMQ server (F66 to F76), through the proxy of the tests.
// Waits are real: it is the server's time that passes.
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/network_scene.hpp"
#include "faults/rabbit_way.hpp"

#include <cohort/run.hpp>

namespace rabbit_network_test {

using namespace faults;

namespace {

// A peer is dead after two of them, which is seen before the third.
constexpr cohort::Duration heartbeat = std::chrono::seconds{RabbitWay::heartbeat};

// Clients and workers that come from now on go through this network.
void go_through(Stage& stage, Proxy const& network) {
    rabbit_way(stage).set_parameters("timeout=1s");
    rabbit_way(stage).go_by(network.port());
}
void go_directly(Stage& stage) {
    rabbit_way(stage).go_by(0);
}

// Two heartbeats, what is left of one, and a second.
constexpr cohort::Duration patience = 3 * heartbeat + 1s * slowness;

Road road(Stage& stage) {
    return {rabbit_way(stage).port(), [&stage](Proxy const& network) { go_through(stage, network); },
            [&stage] { go_directly(stage); }, patience};
}

}  // namespace

FAULT(
    "F66", "rabbitmq",
    "a worker's way to the server swallows everything: it notices, others run its jobs, and it comes back") {
    play_dead_end(stage, road(stage));
}

FAULT("F66", "rabbitmq",
      "a worker that waits for work notices that its way to the server is dead, and comes back") {
    play_dead_end_idle(stage, road(stage));
}

FAULT("F67", "rabbitmq",
      "what workers and clients say is lost for a while: each job ends, and its client hears of one end") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 60});
    stage.asker().wait(60s);
    stage.start();
    stage.until_ended(8 + stage.below(8));
    network.set(Way::to_server, "blackhole");
    stage.pass(3 * heartbeat);
    network.set(Way::to_server, "pass");
    stage.drain(60s);
    stage.check({.duplicates = 8});
}

FAULT("F67", "rabbitmq",
      "what the server says is lost for a while: each job ends, and its client hears of one end") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 60});
    stage.asker().wait(60s);
    stage.start();
    stage.until_ended(8 + stage.below(8));
    network.set(Way::to_client, "blackhole");
    stage.pass(3 * heartbeat);
    network.set(Way::to_client, "pass");
    stage.drain(60s);
    stage.check({.duplicates = 8});
}

FAULT("F68", "rabbitmq", "one half of a connection is closed, from either side: it is noticed at once") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 100, .options = {.max_lost = 20}});
    stage.asker().wait(60s);
    stage.start();
    stage.until_started(1);
    constexpr int times = 4;
    close_halves(stage, network, times);
    stage.drain(60s);
    stage.check({.duplicates = 4 * times});
}

FAULT("F69", "rabbitmq", "connections end in the middle of a frame: what was half said does not count") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 10, .count = 40, .options = {.max_lost = 50}});
    stage.start();
    // Each side greets with some 500 bytes; behind that is what is declared and pushed, and the answers.
    std::vector<std::uint64_t> cuts{0, 0, 64, 64};
    for (int i = 0; i < 4; ++i)
        cuts.push_back(stage.below(1200));
    int number = 0;
    for (auto const cut : cuts) {
        Way const way = number % 2 == 0 ? Way::to_client : Way::to_server;
        network.set(way, "close_after(" + std::to_string(cut) + ")");
        std::string const id = "cut" + std::to_string(++number);
        // Its own connections: their greeting is cut, or the job, or the answer to it.
        Asker asker{stage.store().open(), stage.ledger(), id};
        auto const is_stored = [&] {
            return asker.enqueue_as(id, {.job = "ok", .number = 5, .options = {.max_lost = 50}}) ==
                   cohort::errc::ok;
        };
        // What it is told now must be true: it asks again only where it was not told that the job is there.
        bool const is_there = is_stored();
        network.set(way, "pass");
        CHECK((is_there || becomes_true(is_stored, longest_return)));
    }
    stage.asker().wait(60s);
    stage.drain(60s);
    // Who asks twice has it twice; and each cut may hit the worker.
    stage.check({.duplicates = 5 * cuts.size()});
    CHECK(stage.store().read().size() == 40 + cuts.size());
}

FAULT("F30", "rabbitmq",
      "what tells of results is lost again and again: every wait ends, soon after the way is open") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network);
    stage.asker().enqueue({.job = "ok", .number = 15, .count = 300});
    stage.asker().wait(60s);
    stage.pass(100ms);
    go_directly(stage);
    stage.start();
    for (std::size_t i = 1; i <= 4; ++i) {
        // Some results are on their way; nobody will ever hear of those unless the server tells them again.
        stage.until_ended(50 * i + stage.below(20));
        network.set(Way::to_client, "blackhole");
        stage.pass(std::chrono::milliseconds{50 + stage.below(100)});
        network.rst();
        network.set(Way::to_client, "pass");
    }
    stage.until_ended(300);
    auto const begun = ledger_time();
    stage.drain(60s);
    CHECK(ledger_time() - begun < longest_return);
    stage.check();
    CHECK(stage.count("got") == 300);
    CHECK(stage.count("start") == 300);
}

NIGHTLY_FAULT("F74", "rabbitmq",
              "one of two workers is cut off for four leases: the other takes its jobs, and it comes back") {
    play_cut_off(stage, road(stage), patience);  // the server notices as late as the worker does
}

NIGHTLY_FAULT("F76", "rabbitmq", "a hundred clients lose their server: they do not come back all at once") {
    play_lost_crowd(stage, road(stage), [](cohort::Broker& broker, int number) {
        cohort::WatchParams params;
        params.client = "c" + std::to_string(number);
        params.wait = 0s;
        CHECK(cohort::run(broker.watch(params)).empty());
    });
}

}  // namespace rabbit_network_test
#endif
