// SPDX-License-Identifier: MIT
// Workers that are asked to stop, as every deploy does.
#include "faults/scenario.hpp"

#include <algorithm>
#include <map>

using namespace faults;

FAULT("F04", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "SIGTERM of an idle worker: it ends within a second, and its registration is gone") {
    Hand& worker = stage.start();
    for (int i = 0; i < 1000 && stage.store().enlisted() == 0; ++i)
        Stage::pass(5ms);
    REQUIRE(stage.store().enlisted() == 1);

    auto const asked = ledger_time();
    worker.stop();
    CHECK(worker.wait(5s) == 0);
    CHECK(ledger_time() - asked < 1500ms * slowness);
    CHECK(stage.store().enlisted() == 0);

    // Nobody claims after the signal.
    stage.asker().enqueue({.job = "ok", .number = 1, .count = 1});
    stage.start();
    stage.drain();
    stage.check();
    CHECK(stage.count("start", "w1") == 0);
}

FAULT("F04", "sqlite redis rabbitmq rabbitmq+sqlite",
      "SIGTERM of workers that are starting, at many moments: each ends with 0, and none leaves anything "
      "behind") {
    constexpr int rounds = 24 / slowness;
    for (int round = 0; round < rounds; ++round) {
        stage.asker().enqueue({.job = "ok", .number = 1, .count = 4, .options = {.max_lost = 0}});
        Hand& worker = stage.start();
        // From its first line to its first jobs.
        stage.pass(1ms * slowness * stage.below(4 * static_cast<std::uint64_t>(round) + 1));
        worker.stop();
        INFO("round " << round);
        CHECK(worker.wait(5s * slowness) == 0);
        CHECK(stage.store().enlisted() == 0);
    }
    stage.asker().wait(60s);
    stage.start();
    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read()) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.lost == 0);
    }
}

FAULT("F05", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "SIGTERM among short jobs: none runs twice, none counts an attempt twice") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 100, .count = 200});
    stage.asker().wait(60s);
    stage.start(2, setup);
    stage.until_ended(60 + stage.below(10));

    stage.worker(0).stop();
    CHECK(stage.worker(0).wait(setup.grace * slowness) == 0);

    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read()) {
        CHECK(job.counters.attempt == 1 + job.counters.released);
        CHECK(job.counters.failures == 0);
        CHECK(job.counters.lost == 0);
    }
}

FAULT("F06", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "SIGTERM with long jobs: after the grace period another worker has them, uncounted") {
    WorkerSetup setup;
    setup.grace = 1s;
    stage.asker().enqueue({.job = "ok", .number = 4000 * slowness, .count = 4});
    stage.asker().wait(60s);
    stage.start(setup);
    stage.until_started(4, "w1");
    stage.start(setup);
    stage.pass(200ms);

    auto const asked = ledger_time();
    stage.worker(0).stop();
    stage.until_started(4, "w2");
    auto const moved = ledger_time() - asked;
    CHECK(stage.worker(0).wait(5s) == 0);

    stage.drain();
    stage.check();
    CHECK(moved >= setup.grace);
    CHECK(moved < setup.grace + 1s + 500ms * slowness);
    for (auto const& job : stage.store().read()) {
        CHECK(job.counters.attempt == 2);
        CHECK(job.counters.released == 1);
        CHECK(job.counters.failures == 0);
        CHECK(job.counters.lost == 0);
        CHECK(job.error.empty());
    }
}

namespace {

// How often workers have handed back the jobs up to this one.
std::map<std::string, int> handed_back(Stage& stage, std::string const& last) {
    std::map<std::string, int> times;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        if (event.what == "commit" && event.words[1] == "released" && event.words[0] <= last)
            ++times[event.words[0]];
    }
    return times;
}

}  // namespace

FAULT("F22", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "a rolling deploy: jobs that old workers do not know wait for new ones") {
    WorkerSetup old;
    old.is_old = true;
    stage.asker().enqueue({.job = "later", .number = 1, .count = 100});
    stage.asker().enqueue({.job = "ok", .number = 1, .count = 100});
    stage.asker().wait(60s);
    auto const begun = ledger_time();
    stage.start(old);
    stage.until_ended(100);
    // Nobody knows the others yet: they are handed back, with a pause that grows, and none is thrown away.
    stage.pass(1s);
    CHECK(stage.store().unfinished() == 100);
    for (auto const& job : stage.store().read())
        CHECK(job.counters.released <= 3);
    stage.pass(1s);
    // The shortest pause is half a second.
    auto const times = handed_back(stage, "j000100");
    auto const most = 1 + (ledger_time() - begun) / 500ms;
    CHECK(times.size() == 100);
    for (auto const& [id, count] : times) {
        INFO(id);
        CHECK(count <= most);
    }
    CHECK(stage.count("start") == 100);

    stage.start();
    stage.pass(1s);
    stage.worker(0).stop();
    CHECK(stage.worker(0).wait(5s) == 0);
    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read())
        CHECK(job.state == cohort::JobState::succeeded);
    auto const events = read_ledger(stage.ledger_path());
    for (auto const& event : events) {
        bool const was_later = event.what == "start" && event.words[0] <= "j000100";
        if (was_later) CHECK(event.words[3] == "w2");
    }
}

FAULT("F24", "sqlite redis rabbitmq rabbitmq+sqlite",
      "workers come and go while jobs are pushed one by one: none is lost to them, where none may be") {
    constexpr int rounds = 6;
    stage.start();
    for (std::size_t round = 0; round < rounds; ++round) {
        stage.start();
        stage.pass(300ms);
        for (int i = 0; i < 40; ++i) {
            // From now on it goes, and the others have all that is on its way to it.
            if (i == 5) stage.worker(round).stop();
            stage.asker().enqueue({.job = "ok", .number = 3, .options = {.max_lost = 0}});
        }
        CHECK(stage.worker(round).wait(5s * slowness) == 0);
    }
    stage.asker().wait(60s);
    stage.drain();
    stage.check();
    auto const jobs = stage.store().read();
    CHECK(jobs.size() == rounds * 40);
    for (auto const& job : jobs) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.lost == 0);
    }
}
