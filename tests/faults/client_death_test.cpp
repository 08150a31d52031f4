// SPDX-License-Identifier: MIT
// Clients that die in the middle of things.
#include "faults/scenario.hpp"

#include <csignal>
#include <set>

using namespace faults;

FAULT("F25", "sqlite redis rabbitmq+sqlite",
      "a client dies after its enqueue: its jobs run, and their results go when they are due") {
    auto client = stage.start_client({.job = "ok", .number = 10, .count = 100, .keep = 2s, .patience = 60s});
    stage.until("all is enqueued", [&](auto const&) { return stage.count("ok") == 100; });
    client.signal(SIGKILL);
    client.wait(5000);
    stage.start();

    stage.until_ended(100);
    stage.drain();
    for (auto const& job : stage.store().read())
        CHECK(job.state == cohort::JobState::succeeded);
    // Nobody fetches them; they are forgotten all the same.
    for (int i = 0; i < 1000 && !stage.store().read().empty(); ++i)
        stage.pass(10ms);
    CHECK(stage.store().read().empty());
    // Its own wait died with it, so hung waits are not asked for here.
    std::size_t runs = stage.count("start");
    CHECK(runs == 100);
    auto const changes = stage.store().changes();
    std::set<std::string> ended;
    for (auto const& change : changes) {
        if (change.from == 2 && change.to == 4) CHECK(ended.insert(change.id).second);
    }
    // A server keeps no history.
    if (stage.broker() == "sqlite") CHECK(ended.size() == 100);
    CHECK(stage.count("commit") == 100);
    Verdicts verdicts;
    verdicts.jobs = 100;
    stage.record(verdicts);
}

namespace {

// Whatever there is of a batch is whole, and runs.
void check_batch(Stage& stage) {
    auto const jobs = stage.store().read();
    for (auto const& job : jobs)
        CHECK(job.state == cohort::JobState::queued);
    stage.start();
    stage.drain();
    stage.check();
    CHECK(stage.count("end") == jobs.size());
}

}  // namespace

FAULT("F26 A01", "sqlite redis rabbitmq+sqlite",
      "a client dies in the middle of a batch: each job is there whole, or not at all") {
    auto client = stage.start_client({.job = "ok", .count = 1000, .failpoints = "push.sent_no_reply=abort"});
    CHECK(client.wait(20'000) == 128 + SIGKILL);
    auto const stored = stage.store().read().size();
    CHECK(stored == 500);
    check_batch(stage);
}

FAULT("F26", "sqlite", "a client dies inside of a transaction: nothing of it is there") {
    auto client = stage.start_client({.job = "ok", .count = 1000, .failpoints = "commit.before=abort"});
    CHECK(client.wait(20'000) == 128 + SIGKILL);
    CHECK(stage.store().read().empty());
    check_batch(stage);
}

FAULT("F26", "sqlite redis memory rabbitmq+sqlite",
      "the answer to half a batch is lost: the client says so, and each job is whole") {
    stage.arm("push.sent_no_reply=lose@2");
    stage.asker().enqueue({.job = "ok", .count = 1000});
    CHECK(stage.count("info") == 1000);
    CHECK(stage.store().read().size() == 1000);
    check_batch(stage);
}
