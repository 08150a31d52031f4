// SPDX-License-Identifier: MIT
// Answers that a client does not get, or gets late.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"

#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <algorithm>
#include <map>
#include <optional>

using namespace faults;

FAULT("F27", "sqlite redis memory rabbitmq+sqlite",
      "an enqueue without an answer is uncertain, and the same id again is one job") {
    stage.arm("push.sent_no_reply=lose");
    CHECK(stage.asker().enqueue_as("twice", {.job = "ok", .number = 20}) == cohort::errc::uncertain);
    CHECK(stage.asker().enqueue_as("twice", {.job = "ok", .number = 20}) == cohort::errc::ok);
    stage.arm("push.before_send=throw");
    CHECK(stage.asker().enqueue_as("never", {.job = "ok", .number = 20}) == cohort::errc::unavailable);
    stage.asker().wait(30s);
    stage.start();

    stage.drain();
    stage.check();
    CHECK(stage.store().read().size() == 1);
    CHECK(stage.count("start") == 1);
}

FAULT("F28", "sqlite", "no broker where the client looks: it says so at once, and keeps nothing back") {
    auto const begun = ledger_time();
    std::optional<cohort::errc> code;
    try {
        cohort::BlockingClient client{"sqlite:" + stage.file("nowhere/jobs.db")};
        client.enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    CHECK(code == cohort::errc::storage_open);
    CHECK(ledger_time() - begun < 700ms * slowness);
    stage.record({});
}

FAULT("F29", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "a wait that ends before its job leaves the job alone, and may be repeated") {
    auto& client = stage.asker().client();
    stage.asker().enqueue({.job = "ok", .number = 500});
    stage.start();
    stage.until_started(1);
    auto const job = client.client().find<std::string>({"default", "j000001"});
    auto const begun = ledger_time();
    std::optional<cohort::errc> code;
    try {
        cohort::run(job.result(100ms));
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    auto const took = ledger_time() - begun;
    CHECK(code == cohort::errc::timed_out);
    CHECK(took >= 100ms);
    CHECK(took < 100ms + 200ms * slowness);
    CHECK(cohort::run(job.result(10s)) == "j000001/1/w1");
    stage.drain();
    stage.check();
}

FAULT("F30", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "no notification is lost: jobs and results arrive long before a poll") {
    stage.start();
    std::vector<cohort::Duration> ways;
    for (int i = 0; i < 21; ++i) {
        stage.pass(std::chrono::milliseconds{20 + stage.below(60)});
        auto const begun = ledger_time();
        auto& client = stage.asker().client();
        client.call<ok>(0);
        ways.push_back(ledger_time() - begun);
    }
    std::sort(ways.begin(), ways.end());
    INFO("the middle one took " << cohort::to_string(ways[10]));
    CHECK(ways[10] < 150ms * slowness);
    stage.drain();
    Verdicts verdicts;
    verdicts.jobs = ways.size();
    stage.record(verdicts);
}

FAULT("F30", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "reading and watching fail now and then: every wait ends all the same") {
    stage.asker().enqueue({.job = "ok", .number = 15, .count = 100});
    stage.asker().wait(60s);
    stage.pass(100ms);
    std::string plan;
    for (char const* verb : {"results", "watch"})
        plan += std::string{verb} + ".before_send=throw*0%30;";
    // Without records, what this process was told cannot be asked for once more, and must not be lost in it.
    if (stage.store().fences()) plan += "results.sent_no_reply=lose*0%30;watch.sent_no_reply=lose*0%30;";
    stage.arm(plan);
    stage.start();
    stage.drain();
    CHECK(stage.failpoints_hit("watch.before_send") + stage.failpoints_hit("watch.sent_no_reply") > 0);
    stage.check();
}

FAULT("F30", "sqlite redis memory rabbitmq+sqlite",
      "half of all notifications are lost: every wait ends, a poll later at most") {
    // Some of those who wait look between the end of the job and its announcement.
    std::string const plan = "notify.drop=drop*0%50;wait.between_subscribe_and_read=pause(20)*0";
    stage.arm(plan);
    constexpr int count = 20'000 / slowness;
    WorkerSetup setup;
    setup.slots = 64;
    setup.lease = 10s * slowness;
    setup.failpoints = plan;
    stage.asker().enqueue({.job = "quick", .count = count / 2});
    stage.asker().wait(60s);
    stage.start(setup);
    stage.asker().enqueue({.job = "quick", .count = count / 2});
    stage.asker().wait(60s);
    stage.drain(60s);
    stage.asker().wait(10s);  // they have ended: at once
    stage.check();

    cohort::Duration last_commit{};
    cohort::Duration last_got{};
    std::string const digits = std::to_string(count);
    std::string const last = "j" + std::string(6 - digits.size(), '0') + digits;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "commit") last_commit = event.at;
        if (event.what == "got" && event.words[0] <= last) last_got = event.at;
        if (event.what == "await" && event.words[0] == "j000001" && last_got > last_commit) break;
    }
    // Both the poll and reading so many results take their time.
    CHECK(last_got - last_commit < 1s + 300ms + 3s * slowness);
}

FAULT("F30", "sqlite redis memory rabbitmq+sqlite",
      "half of all notifications are lost: no wait is longer than a poll") {
    std::string const plan = "notify.drop=drop*0%50;wait.between_subscribe_and_read=pause(20)*0";
    stage.arm(plan);
    WorkerSetup setup;
    setup.slots = 1;
    setup.failpoints = plan;
    stage.asker().enqueue({.job = "ok", .number = 15, .count = 200});
    stage.asker().wait(60s);
    stage.start(setup);
    stage.drain();
    stage.check();

    std::map<std::string, cohort::Duration> committed;
    cohort::Duration longest{};
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "commit") committed[event.words[0]] = event.at;
        if (event.what != "got" || !committed.contains(event.words[0])) continue;
        longest = std::max(longest, event.at - committed[event.words[0]]);
    }
    INFO("the longest took " << cohort::to_string(longest));
    CHECK(longest < 1s + 300ms + 500ms * slowness);
}
