// SPDX-License-Identifier: MIT
// What bodies do to their workers.
#include "base/text.hpp"
#include "faults/scenario.hpp"

using namespace faults;

FAULT("F16", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "whatever a body throws, the job fails by its policy and the worker lives") {
    constexpr int kinds = 6;
    for (int kind = 0; kind < kinds; ++kind)
        stage.asker().enqueue({.job = "fails",
                               .number = kind,
                               .options = {.max_retries = 1, .backoff = cohort::Backoff{.initial = 50ms}}});
    stage.asker().enqueue({.job = "big", .number = 2'000'000});
    stage.asker().enqueue({.job = "ok", .number = 300});
    stage.asker().wait(60s);
    Hand& worker = stage.start();

    stage.drain();
    CHECK(worker.wait(0s) == -1);
    stage.check();
    auto const jobs = stage.store().read();
    for (int kind = 0; kind < kinds; ++kind) {
        auto const& job = jobs.at(static_cast<std::size_t>(kind));
        INFO("kind " << kind << ", error of " << job.error.size() << " bytes");
        CHECK(job.state == cohort::JobState::failed);
        CHECK(job.reason == cohort::FailReason::exception);
        bool const is_discarded = kind == 5;
        CHECK(job.counters.failures == (is_discarded ? 1 : 2));
        CHECK_FALSE(job.error.empty());
        CHECK(job.error.size() <= 8192);
        CHECK(cohort::clean_text(job.error, 8192) == job.error);
        CHECK(job.error.find('\x1b') == std::string::npos);
    }
    auto const& large = jobs.at(kinds);
    CHECK(large.state == cohort::JobState::failed);
    CHECK(large.reason == cohort::FailReason::bad_result);
    CHECK(jobs.back().state == cohort::JobState::succeeded);
}

FAULT("F17", "sqlite redis rabbitmq rabbitmq+sqlite",
      "a job that kills its workers fails after max_lost of them, more slowly each time") {
    WorkerSetup setup;
    setup.lease = 600ms * slowness;
    setup.upkeep = 200ms;
    auto const poison =
        stage.asker().enqueue({.job = "aborts", .number = 0, .options = {.max_lost = 3}}).front();
    auto const good = stage.asker().enqueue({.job = "ok", .number = 20, .count = 50});
    stage.asker().wait(60s);
    std::size_t crashes = 0;
    auto const end = ledger_time() + 40s;
    while (stage.store().unfinished() > 0 && ledger_time() < end) {
        Hand& worker = stage.start(setup);
        int code = -1;
        while (code == -1 && stage.store().unfinished() > 0 && ledger_time() < end)
            code = worker.wait(20ms);
        if (code == 128 + 9) ++crashes;
    }
    stage.drain();
    stage.check({.duplicates = 50});
    CHECK(crashes == 4);

    std::vector<cohort::Duration> starts;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "start" && event.words[0] == poison) starts.push_back(event.at);
    }
    REQUIRE(starts.size() == 4);
    // None after the first loss; then 500 ms, 1 s, beside the lease that has to end each time (it began with
    // the last heartbeat). A server that sees the connection end waits for no lease.
    cohort::Duration const lease = stage.broker() == "rabbitmq" ? 0s : setup.lease * 2 / 3;
    CHECK(starts[2] - starts[1] >= 500ms + lease);
    CHECK(starts[3] - starts[2] >= 1s + lease);
    for (auto const& job : stage.store().read()) {
        if (job.id == poison) {
            CHECK(job.state == cohort::JobState::failed);
            CHECK(job.reason == cohort::FailReason::worker_lost);
        } else {
            CHECK(job.state == cohort::JobState::succeeded);
        }
    }
}

FAULT("F19", "sqlite redis memory rabbitmq", "a job past its time limit is cancelled, and its slot is free") {
    WorkerSetup setup;
    setup.slots = 1;
    auto const slow =
        stage.asker().enqueue({.job = "ok", .number = 10'000, .options = {.timeout = 300ms}}).front();
    stage.asker().enqueue({.job = "ok", .number = 10});
    stage.asker().wait(30s);
    stage.start(setup);

    stage.drain();
    stage.check();
    auto const jobs = stage.store().read();
    CHECK(jobs.at(0).state == cohort::JobState::failed);
    CHECK(jobs.at(0).reason == cohort::FailReason::timeout);
    CHECK(jobs.at(1).state == cohort::JobState::succeeded);
    cohort::Duration began{};
    cohort::Duration stopped{};
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.words.empty() || event.words[0] != slow) continue;
        if (event.what == "start") began = event.at;
        if (event.what == "stop") stopped = event.at;
    }
    CHECK(stopped - began >= 200ms);  // the body notes its begin a little after the worker
    CHECK(stopped - began <= 300ms + 400ms * slowness);
}
