// SPDX-License-Identifier: MIT
// Waits whose ground is pulled away.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"
#ifdef COHORT_FAULTS_SQLITE
#include "faults/sqlite_store.hpp"
#endif

#include <cohort/client.hpp>
#include <cohort/inspector.hpp>
#include <cohort/run.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <map>
#include <optional>

using namespace faults;

FAULT("F32", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "a client goes while a hundred waits are open: each of them ends") {
    stage.asker().enqueue({.job = "ok", .number = 10, .count = 100});
    for (int i = 0; i < 100; ++i)
        stage.asker().wait(60s);
    stage.pass(std::chrono::milliseconds{stage.below(100)});
    auto const begun = ledger_time();
    stage.drop_asker();
    CHECK(ledger_time() - begun < 2s * slowness);
    stage.until("every wait was ended", [](auto const& events) {
        return std::count_if(events.begin(), events.end(), [](Event const& event) {
                   return event.what == "wait_ended" && event.words[0] == "closed";
               }) == 100;
    });

    // The jobs do not mind.
    stage.asker().enqueue({.job = "ok", .number = 1});
    stage.start();
    stage.drain();
    stage.asker().client();
    CHECK(stage.store().unfinished() == 0);
    Verdicts verdicts;
    verdicts.jobs = 101;
    stage.record(verdicts);
}

namespace {

cohort::awaitable<void> wait_on(cohort::JobHandle job) {
    co_await job.ending(60s);
}

}  // namespace

FAULT("F32", "sqlite redis memory rabbitmq+sqlite",
      "the loop of a hundred waits is destroyed: nothing of them is touched again") {
    auto ids = stage.asker().enqueue({.job = "ok", .number = 10, .count = 100});
    for (bool const client_first : {true, false}) {
        auto context = std::make_unique<boost::asio::io_context>();
        auto client = std::make_unique<cohort::Client>(context->get_executor(), stage.store().open());
        for (auto const& id : ids) {
            cohort::JobHandle const job = client->find<cohort::Json>({"default", id});
            boost::asio::co_spawn(*context, wait_on(job), [](std::exception_ptr) {});
        }
        context->run_for(std::chrono::milliseconds{20 + stage.below(100)});
        if (client_first) client.reset();
        context.reset();
        client.reset();
    }
    stage.start();
    stage.drain();
    stage.check();
}

FAULT("F33", "sqlite redis rabbitmq+sqlite",
      "the broker is closed and opened again: who asks again gets the results") {
    auto const ids = stage.asker().enqueue({.job = "ok", .number = 2000, .count = 10});
    stage.asker().wait(60s);
    WorkerSetup setup;
    setup.slots = 10;
    stage.start(setup);
    stage.until_started(10);
    stage.pass(500ms);
    stage.drop_asker();

    auto& client = stage.asker().client();
    auto const begun = ledger_time();
    for (auto const& id : ids) {
        auto const job = client.client().find<std::string>({"default", id});
        CHECK(cohort::run(job.result(10s)) == id + "/1/w1");
        stage.ledger()->write("got", {id, "succeeded"});
    }
    CHECK(ledger_time() - begun < 1500ms + 1s + 500ms * slowness);
    stage.drain();
    stage.check();
}

FAULT("F34", "redis memory rabbitmq+sqlite",
      "a job that is awaited is purged: the wait says that it is unknown") {
    stage.asker().enqueue({.job = "ok", .number = 1, .count = 3});
    stage.asker().wait(10s);
    stage.pass(100ms);
    auto const broker = stage.store().open();
    std::vector<cohort::JobState> const states{cohort::JobState::queued};
    auto const purged = cohort::run(broker->inspector()->purge("default", states));
    CHECK(purged == 3);
    stage.until("the waits say so", [&](auto const&) { return stage.count("got") == 3; }, 3s);
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "got") CHECK(event.words[1] == "unknown");
    }
    stage.record({});
}

#ifdef COHORT_FAULTS_SQLITE
FAULT("F34", "sqlite rabbitmq+sqlite",
      "a job that is awaited is deleted by hand: the wait says that it is unknown") {
    stage.asker().enqueue({.job = "ok", .number = 1, .count = 3});
    stage.asker().wait(10s);
    stage.pass(100ms);
    Onlooker{stage.file("jobs.db")}.execute("DELETE FROM jobs");
    stage.until("the waits say so", [&](auto const&) { return stage.count("got") == 3; }, 3s);
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "got") CHECK(event.words[1] == "unknown");
    }
    stage.record({});
}
#endif

namespace {

// Some are cancelled before they are claimed, some while they run, some behind their end.
void cancel_at_every_moment(Stage& stage, int rounds, int count) {
    for (int round = 0; round < rounds; ++round) {
        auto const ids = stage.asker().enqueue({.job = "ok", .number = 3, .count = count});
        if (round == 0) stage.start();
        std::vector<std::string> order = ids;
        std::shuffle(order.begin(), order.end(), stage.random);
        std::map<std::string, cohort::CancelVerdict> verdicts;
        for (auto const& id : order) {
            if (stage.below(4) == 0) stage.pass(std::chrono::microseconds{stage.below(3000)});
            auto const job = stage.asker().client().client().find<>({"default", id});
            verdicts[id] = cohort::run(job.cancel());
        }
        stage.drain();
        std::map<std::string, cohort::JobState> states;
        for (auto const& job : stage.store().read())
            states[job.id] = job.state;
        for (auto const& [id, verdict] : verdicts) {
            bool const was_cancelled = states.at(id) == cohort::JobState::cancelled;
            if (verdict == cohort::CancelVerdict::cancelled) CHECK(was_cancelled);
            if (verdict == cohort::CancelVerdict::finished)
                CHECK(states.at(id) == cohort::JobState::succeeded);
            if (!was_cancelled) CHECK(states.at(id) == cohort::JobState::succeeded);
        }
        for (auto const& event : read_ledger(stage.ledger_path())) {
            auto const found = event.what == "start" ? verdicts.find(event.words[0]) : verdicts.end();
            if (found != verdicts.end()) CHECK(found->second != cohort::CancelVerdict::cancelled);
        }
        auto const has = [&](cohort::CancelVerdict verdict) {
            return std::ranges::any_of(verdicts, [&](auto const& entry) { return entry.second == verdict; });
        };
        CHECK(has(cohort::CancelVerdict::cancelled));
        CHECK(has(cohort::CancelVerdict::finished));
    }
    stage.check();
}

}  // namespace

FAULT("F35", "sqlite redis memory rabbitmq+sqlite",
      "jobs are cancelled at every moment: each ends once, and a cancelled one never runs again") {
    cancel_at_every_moment(stage, 1, 300);
}
NIGHTLY_FAULT("F35", "sqlite redis memory rabbitmq+sqlite",
              "cancellations at every moment: a job ends once, and a cancelled one never runs again") {
    cancel_at_every_moment(stage, 4, 1000);
}
