// SPDX-License-Identifier: MIT
// Unique keys, whatever becomes of the job that holds one.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"

#include <cohort/inspector.hpp>
#include <cohort/run.hpp>

using namespace faults;

namespace {

// Whether a second job of the key is refused; if it is not, it was stored.
bool is_held(Stage& stage, char const* id, int millis = 20) {
    auto const job = stage.asker().client().enqueue_job<ok>(
        {.id = id, .max_lost = 1, .unique = "key", .keep_result = 500ms, .keep_error = 500ms}, millis);
    if (!job.is_duplicate()) {
        stage.ledger()->write("invoke", {id});
        stage.ledger()->write("ok", {id});
    }
    return job.is_duplicate();
}

}  // namespace

FAULT("F36", "sqlite redis memory rabbitmq+sqlite",
      "a unique key is held exactly as long as its job is not at an end") {
    WorkerSetup setup;
    setup.lease = 900ms * slowness;
    setup.upkeep = 300ms;

    // Its worker is killed: the job goes on elsewhere, and so does the key.
    CHECK_FALSE(is_held(stage, "killed", 1500));
    CHECK(is_held(stage, "refused"));
    stage.start(setup);
    stage.until_started(1);
    CHECK(is_held(stage, "refused"));
    stage.kill(stage.worker(0));
    CHECK(is_held(stage, "refused"));
    stage.start(setup);
    stage.until_started(2);
    CHECK(is_held(stage, "refused"));
    stage.drain();

    // It has ended: the next one may come. It is cancelled, purged, and forgotten in turn.
    stage.worker(1).stop();
    CHECK(stage.worker(1).wait(5s) == 0);
    CHECK_FALSE(is_held(stage, "cancelled"));
    auto const job = stage.asker().client().client().find<>({"default", "cancelled"});
    CHECK(cohort::run(job.cancel()) == cohort::CancelVerdict::cancelled);
    CHECK_FALSE(is_held(stage, "purged"));
    std::vector<cohort::JobState> const queued{cohort::JobState::queued};
    auto const broker = stage.store().open();
    CHECK(cohort::run(broker->inspector()->purge("default", queued)) == 1);
    CHECK_FALSE(is_held(stage, "last"));
    stage.start(setup);
    for (int i = 0; i < 1000 && !stage.store().read().empty(); ++i)
        stage.pass(10ms);
    CHECK(stage.store().read().empty());
    CHECK_FALSE(is_held(stage, "after", 0));
    stage.drain();
    CHECK(stage.count("start") == 4);
    Verdicts verdicts;
    verdicts.jobs = 5;
    stage.record(verdicts);
}
