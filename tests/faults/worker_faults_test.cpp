// SPDX-License-Identifier: MIT
// What happens to workers. The wall clock is meant here: leases of processes that are gone end by themselves.
#include "faults/scenario.hpp"

using namespace faults;

FAULT("F01", "sqlite memory", "kill -9 of a worker: its jobs run again elsewhere, and each ends once") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 3000, .count = 8, .options = {.max_retries = 3}});
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 192, .options = {.max_retries = 3}});
    stage.asker().wait(60s);
    stage.start(2, setup);
    stage.until_started(4, "w1");
    stage.pass(std::chrono::milliseconds{stage.below(200)});

    stage.kill(stage.worker(0));

    stage.drain();
    stage.check({.duplicates = 4, .recovery = setup.recovery()});
    std::size_t lost = 0;
    for (auto const& job : stage.store().read()) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.failures == 0);
        CHECK(job.counters.attempt == 1 + job.counters.lost);
        lost += job.counters.lost;
    }
    CHECK(lost == 4);
}

FAULT("F05", "sqlite memory", "SIGTERM among short jobs: none runs twice, none counts an attempt twice") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 100, .count = 200});
    stage.asker().wait(60s);
    stage.start(2, setup);
    stage.until_ended(60);

    stage.worker(0).stop();
    CHECK(stage.worker(0).wait(setup.grace) == 0);

    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read()) {
        CHECK(job.counters.attempt == 1 + job.counters.released);
        CHECK(job.counters.failures == 0);
        CHECK(job.counters.lost == 0);
    }
}

FAULT("F12", "sqlite memory",
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

    // It takes part again, in a new life.
    auto const more = stage.asker().enqueue({.job = "ok", .number = 300, .count = 40});
    stage.asker().wait(30s);
    stage.drain();
    stage.check({.duplicates = 4, .recovery = setup.recovery()});
    CHECK(stage.count("start", "w1") > 4);
    for (auto const& job : stage.store().read()) {
        if (job.id <= "j000004") {
            CHECK(job.counters.lost == 1);
            CHECK(job.result.find("/w2") != std::string::npos);
        }
    }
}
