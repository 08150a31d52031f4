// SPDX-License-Identifier: MIT
// Schedules that workers keep together, while they die. The wall clock is meant here: ticks are its seconds.
#include "faults/scenario.hpp"

#include <cohort/schedule.hpp>

#include <set>

using namespace faults;

namespace {

std::set<cohort::Instant> stored_ticks(Stage& stage) {
    std::set<cohort::Instant> ticks;
    for (auto const& job : stage.store().read()) {
        auto const tick = cohort::tick_of(job.id);
        REQUIRE(tick);
        ticks.insert(*tick);
    }
    return ticks;
}

// Those from `first` on, which nobody has killed, end; one without a schedule runs what is left.
void end_schedule(Stage& stage, std::size_t first, std::size_t workers) {
    for (std::size_t i = first; i < workers; ++i)
        stage.worker(i).stop();
    for (std::size_t i = first; i < workers; ++i)
        REQUIRE(stage.worker(i).wait(20s) >= 0);
    stage.start();
    stage.drain();
}

}  // namespace

FAULT("F82", "sqlite redis memory rabbitmq+sqlite",
      "five workers with a schedule by the second die one after the other: each tick is one job, and none is "
      "left out") {
    WorkerSetup setup;
    // A sanitizer may take longer than a second for a tick, and of several the last is given.
    auto const step = std::chrono::seconds{slowness > 1 ? 2 : 1};
    setup.cron = slowness > 1 ? "*/2 * * * * *" : "* * * * * *";
    std::size_t kills = 0;
    std::size_t workers = 0;
    auto const start = [&] {
        // The process dies between finding out that a tick is due and storing it: at one of its next ticks.
        if (stage.is_process() && workers % 2 == 0)
            setup.failpoints = "cron.between_due_and_insert=abort@" + std::to_string(2 + stage.below(4));
        stage.start(setup);
        setup.failpoints.clear();
        ++workers;
    };
    // In one process nobody can die there; every third time the tick is not stored, and tried again.
    if (!stage.is_process()) stage.arm("cron.between_due_and_insert=throw@1*0%33");
    while (workers < 5)
        start();
    stage.until("all keep the schedule", [&](auto const&) { return stage.count("ok") >= 5; });
    if (stage.is_process()) REQUIRE(stage.worker(kills++).wait(20s) == 128 + 9);
    for (int round = 0; round < 8; ++round) {
        stage.pass(800ms + std::chrono::milliseconds{stage.below(800)});
        stage.kill(stage.worker(kills++));
        start();
    }
    stage.arm("");
    end_schedule(stage, kills, workers);

    stage.check({.duplicates = workers});
    auto const ticks = stored_ticks(stage);
    REQUIRE(ticks.size() >= 4);
    CHECK(static_cast<std::int64_t>(ticks.size()) == (*ticks.rbegin() - *ticks.begin()) / step + 1);
    auto const jobs = stage.store().read();
    CHECK(jobs.size() == ticks.size());
    for (auto const& job : jobs)
        CHECK(job.state == cohort::JobState::succeeded);
}

FAULT("F83", "sqlite redis memory rabbitmq+sqlite",
      "nobody keeps a schedule for some seconds: of its ticks only the last is made up for") {
    WorkerSetup setup;
    setup.cron = "*/2 * * * * *";
    stage.start(2, setup);
    stage.until_ended(2);
    stage.kill(stage.worker(0));
    stage.kill(stage.worker(1));
    auto const before = stored_ticks(stage);
    stage.pass(7s);
    stage.start(2, setup);
    stage.until_ended(before.size() + 3);
    end_schedule(stage, 2, 4);

    stage.check({.duplicates = 2});
    auto const ticks = stored_ticks(stage);
    auto const first_after = ticks.upper_bound(*before.rbegin());
    REQUIRE(first_after != ticks.end());
    CHECK(*first_after - *before.rbegin() >= 6s);
    // From then on there are all.
    auto const rest = std::distance(first_after, ticks.end());
    CHECK((*ticks.rbegin() - *first_after) / 2s + 1 == rest);
}
