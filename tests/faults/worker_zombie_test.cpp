// SPDX-License-Identifier: MIT
// Workers that are slow, asleep, or back from the dead.
#include "faults/scenario.hpp"

#include <algorithm>

using namespace faults;

FAULT("F11", "sqlite redis rabbitmq", "a worker that sleeps for less than its lease keeps its jobs") {
    WorkerSetup setup;
    setup.lease = 3s * slowness;
    stage.asker().enqueue({.job = "ok", .number = 2000, .count = 4});
    stage.asker().wait(60s);
    Hand& sleeper = stage.start(setup);
    stage.until_started(4, "w1");
    stage.start(setup);
    stage.freeze(sleeper);
    stage.pass(1500ms);  // half a lease; on RabbitMQ less than two heartbeats, which are whole seconds
    sleeper.thaw();

    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read()) {
        CHECK(job.counters.lost == 0);
        CHECK(job.counters.attempt == 1);
    }
}

FAULT("F12", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "a worker that sleeps through its lease is fenced when it wakes, and works on") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 2000, .count = 4});
    stage.asker().wait(60s);
    Hand& zombie = stage.start(setup);
    stage.until_started(4, "w1");
    stage.freeze(zombie);
    stage.start(setup);
    stage.pass(4 * setup.lease);
    stage.until_started(4, "w2");

    zombie.thaw();
    stage.drain();
    stage.until("all reports of the zombie are refused", [](auto const& events) {
        return std::count_if(events.begin(), events.end(), [](Event const& event) {
                   return event.what == "commit" && event.words[4] == "w1" && event.words[2] == "fenced";
               }) == 4;
    });

    // It takes part again, in a new life.
    stage.asker().enqueue({.job = "ok", .number = 300, .count = 40});
    stage.asker().wait(30s);
    stage.drain();
    stage.check({.duplicates = 4, .recovery = setup.recovery()});
    CHECK(stage.count("start", "w1") > 4);
    for (auto const& job : stage.store().read()) {
        if (job.id > "j000004") continue;
        CHECK(job.counters.lost == 1);
        CHECK(job.result.find("/w2") != std::string::npos);
    }
}

FAULT("F13", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "an outcome that comes after another worker's changes nothing, byte for byte") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 50});
    stage.asker().wait(60s);
    Hand& zombie = stage.start_to_stop_at("settle.before_send", setup);
    stage.start(setup);
    stage.drain();
    stage.pass(setup.lease);
    auto const before = stage.store().dump();
    REQUIRE(before.find("/w2") != std::string::npos);

    stage.wake(zombie);
    stage.until("the zombie is refused", [](auto const& events) {
        return std::any_of(events.begin(), events.end(), [](Event const& event) {
            return event.what == "commit" && event.words[4] == "w1" && event.words[2] == "fenced";
        });
    });
    CHECK(stage.store().dump() == before);
    stage.check({.duplicates = 1, .recovery = setup.recovery()});
}

FAULT("F14", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "an outcome with an old token does not end the run of the new owner") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 4000 * slowness});
    stage.asker().wait(60s);
    Hand& zombie = stage.start_to_stop_at("settle.before_send", setup);
    stage.start(setup);
    stage.until_started(1, "w2");

    stage.wake(zombie);
    stage.until("the zombie is refused", [](auto const& events) {
        return std::any_of(events.begin(), events.end(), [](Event const& event) {
            return event.what == "commit" && event.words[4] == "w1" && event.words[2] == "fenced";
        });
    });
    CHECK(stage.count("end", "w2") == 0);
    auto const state = stage.store().read().at(0).state;
    // To read it may take longer than to run it.
    if (stage.count("end", "w2") == 0) CHECK(state == cohort::JobState::running);

    stage.drain();
    stage.check({.duplicates = 1, .recovery = setup.recovery()});
    CHECK(stage.store().read().at(0).result.find("/w2") != std::string::npos);
}

FAULT("F15", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "a body that never pauses does not make its worker look dead") {
    WorkerSetup setup;
    setup.threads = 2;
    setup.lease = 900ms * slowness;
    stage.asker().enqueue({.job = "busy", .number = static_cast<int>(4 * setup.lease / 1ms)});
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 20});
    stage.asker().wait(60s);
    stage.start(setup);
    stage.until_started(1);
    stage.start(setup);

    stage.drain();
    stage.check();
    auto const events = read_ledger(stage.ledger_path());
    std::size_t meanwhile = 0;
    for (auto const& event : events) {
        if (event.what != "end") continue;
        if (event.words[0] == "j000001") break;
        ++meanwhile;
    }
    CHECK(meanwhile >= 15);
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);

    // And it says so: what it says last are its figures.
    if (!stage.is_process()) return;
    stage.worker(0).stop();
    CHECK(stage.worker(0).wait(10s) == 0);
    int lag = 0;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "stats" && event.words[0] == "w1")
            lag = std::stoi(event.words[3].substr(event.words[3].find('=') + 1));
    }
    CHECK(lag > setup.lease / 1ms);
}
