// SPDX-License-Identifier: MIT
// Where jobs are in a store and RabbitMQ calls the workers: who dies between the one and the other.
#include "faults/scenario.hpp"

#include <algorithm>
#include <csignal>

using namespace faults;

namespace {

char const* const here = "rabbitmq+sqlite";

// A client dies at this place, when its job is in the store. A worker that waits has it, called or not.
void lose_client(Stage& stage, std::string const& place) {
    stage.start(2);
    stage.pass(300ms);
    auto client = stage.start_client({.job = "ok", .number = 50, .failpoints = place + "=abort"});
    CHECK(client.wait(20'000) == 128 + SIGKILL);
    auto const died = ledger_time();
    stage.until_ended(1);
    // A poll, and the job itself.
    CHECK(ledger_time() - died < 1s + 500ms * slowness);
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 1);
}

// A worker is called, has the lease of one of a few jobs, and dies or sleeps before it says so to the server.
void lose_worker(Stage& stage, std::string const& action) {
    WorkerSetup setup;
    setup.slots = 1;
    setup.lease = 900ms * slowness;
    setup.upkeep = 300ms;
    setup.failpoints = "ticket.before_ack=" + action;
    Hand& first = stage.start(setup);
    stage.pass(300ms);
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 4});
    stage.asker().wait(60s);
    setup.failpoints.clear();
    if (action == "abort") {
        REQUIRE(first.wait(20s) == 128 + SIGKILL);
        stage.start(setup);
    } else {
        REQUIRE(first.wait_frozen(20s));
        stage.start(setup);
        stage.pass(3 * setup.lease);
        first.thaw();
    }
    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read()) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.attempt <= 2);
    }
}

}  // namespace

FAULT("F02", here, "a client dies when its job is stored and nobody called: it runs, once") {
    lose_client(stage, "ticket.before_send");
}

FAULT("F02", here, "a client dies when its job is stored and a worker called: it runs, once") {
    lose_client(stage, "ticket.sent_no_reply");
}

FAULT("F02", here,
      "a worker dies when it has a job's lease and has not said so: no job is lost or ends twice") {
    lose_worker(stage, "abort");
}

FAULT("F02", here,
      "a worker sleeps when it has a job's lease and has not said so: no job is lost or ends twice") {
    lose_worker(stage, "stop");
}

FAULT("F02", here, "a worker dies when it has put a job back and called nobody: another one has it") {
    WorkerSetup setup;
    setup.slots = 1;
    setup.failpoints = "ticket.before_send=abort";
    stage.asker().enqueue({.job = "flaky", .number = 1, .options = {.max_retries = 3}});
    stage.asker().wait(60s);
    CHECK(stage.start(setup).wait(20s) == 128 + SIGKILL);
    setup.failpoints.clear();
    stage.start(setup);
    stage.drain();
    stage.check({.duplicates = 1});
}

FAULT("F30", here, "half of all calls are lost: each job runs, a poll later at most") {
    std::string const plan = "ticket.before_send=drop*0%50";
    stage.arm(plan);
    stage.start(2);
    stage.pass(300ms);
    cohort::Duration longest{};
    for (int i = 0; i < 20; ++i) {
        auto const begun = ledger_time();
        auto& client = stage.asker().client();
        client.call<ok>(0);
        longest = std::max(longest, ledger_time() - begun);
    }
    CHECK(stage.failpoints_hit("ticket.before_send") > 0);
    INFO("the longest took " << cohort::to_string(longest));
    CHECK(longest < 1s + 500ms * slowness);
    stage.drain();
    Verdicts verdicts;
    verdicts.jobs = 20;
    stage.record(verdicts);
}
