// SPDX-License-Identifier: MIT
// Workers that die. The wall clock is meant here: leases of processes that are gone end by themselves.
#include "faults/scenario.hpp"

#include <algorithm>

using namespace faults;

FAULT("F01", "sqlite redis memory rabbitmq rabbitmq+sqlite",
      "kill -9 of a worker: its jobs run again elsewhere, and each ends once") {
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

FAULT("F01", "sqlite redis",
      "kill -9 of workers that wait for work: what comes then is given to none of them") {
    constexpr std::size_t rounds = 6;
    stage.start();
    for (std::size_t round = 0; round < rounds; ++round) {
        stage.start(2);
        CHECK(becomes_true([&] { return stage.store().enlisted() >= 3; }, 20s));
        stage.pass(300ms);
        stage.kill(stage.worker(2 * round + 1));
        stage.kill(stage.worker(2 * round + 2));
        stage.asker().enqueue({.job = "ok", .number = 3, .count = 20, .options = {.max_lost = 0}});
        stage.asker().wait(60s);
    }
    stage.drain();
    stage.check();
    auto const jobs = stage.store().read();
    CHECK(jobs.size() == rounds * 20);
    for (auto const& job : jobs) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.lost == 0);
    }
}

FAULT("F03", "sqlite redis rabbitmq rabbitmq+sqlite",
      "kill -9 of all workers: one that is started later finishes everything") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 200});
    stage.asker().wait(60s);
    stage.start(2, setup);
    stage.until_ended(60 + stage.below(10));
    // Jobs of one claim end together; they are to be hit in the middle.
    stage.pass(std::chrono::milliseconds{15 + stage.below(25)});
    stage.kill(stage.worker(0));
    stage.kill(stage.worker(1));
    stage.pass(3 * setup.lease);
    stage.start(setup);

    stage.drain();
    stage.check({.duplicates = 8});
}

FAULT("F02", "sqlite", "a worker dies while it saves the jobs of a dead one: a third one does it") {
    WorkerSetup setup;
    setup.lease = 900ms * slowness;
    setup.upkeep = 300ms;
    stage.asker().enqueue({.job = "ok", .number = 1500, .count = 4});
    stage.asker().wait(60s);
    stage.start(setup);
    stage.until_started(4, "w1");
    stage.kill(stage.worker(0));
    setup.failpoints = "reap.between_scan_and_move=abort";
    CHECK(stage.start(setup).wait(20s) == 128 + 9);
    CHECK(stage.store().damage().empty());
    setup.failpoints.clear();
    stage.start(setup);

    stage.drain();
    stage.check({.duplicates = 4});
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 1);
}

namespace {

// F02: at one place, one of a few jobs. Its worker is given up; another one is started, and finishes
// everything.
struct Point {
    std::string place;
    std::string action;  // abort, stop, throw, lose
    std::size_t duplicates = 1;
    int millis = 50;      // that a job takes
    bool any_hit = true;  // the seed chooses which; false: the first
};

void crash(Stage& stage, Point const& point) {
    WorkerSetup setup;
    setup.slots = 1;
    setup.lease = 900ms * slowness;
    setup.upkeep = 300ms;
    stage.asker().enqueue({.job = "ok", .number = point.millis, .count = 4});
    stage.asker().wait(60s);
    // An enlisting, then claims and settlements in turn: what commits has more of them.
    auto const most = point.place.starts_with("commit.") ? 8 : 3;
    auto const hit = point.any_hit ? 1 + stage.below(most) : 1;
    std::string const place = point.place + "=" + point.action + "@" + std::to_string(hit);
    bool const is_end = point.place.starts_with("close.") || point.place.starts_with("retire.");
    if (stage.is_process())
        setup.failpoints = place;
    else
        stage.arm(place);
    Hand& first = stage.start(setup);
    setup.failpoints.clear();
    if (is_end) {
        stage.until_started(1);
        first.stop();
    }
    if (point.action == "abort") {
        REQUIRE(first.wait(20s) == 128 + 9);
        stage.ledger()->write("fault", {"abort", "w1"});
        stage.start(setup);
    } else if (point.action == "stop") {
        REQUIRE(first.wait_frozen(20s));
        stage.ledger()->write("fault", {"stop", "w1"});
        stage.start(setup);
        stage.pass(3 * setup.lease);
        first.thaw();
    } else if (is_end) {
        REQUIRE(first.wait(20s) == 0);
        stage.start(setup);
    }
    stage.drain();
    // Where outcomes are not refused, one that was stored and whose end nobody heard of may be one of two.
    std::size_t const least = stage.store().fences() ? 0 : 1;
    stage.check({.duplicates = std::max(point.duplicates, least)});
    for (auto const& job : stage.store().read()) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.attempt <= 2);
    }
    if (point.action == "throw" || point.action == "lose") CHECK((is_end || stage.count("start", "w2") == 0));
}

std::vector<Point> points() {
    std::vector<Point> all;
    for (char const* action : {"abort", "stop"}) {
        all.push_back({"enlist.before_send", action, 0, 50, false});
        all.push_back({"enlist.sent_no_reply", action, 0, 50, false});
        all.push_back({"claim.before_send", action, 0});
        all.push_back({"claim.sent_no_reply", action, 0});
        all.push_back({"start.before_handler", action, 0});
        all.push_back({"handler.after", action});
        all.push_back({"settle.before_send", action});
        all.push_back({"settle.sent_no_reply", action, 0});
        all.push_back({"renew.before_send", action, 1, 500});
        all.push_back({"renew.sent_no_reply", action, 1, 500});
        all.push_back({"upkeep.before_send", action, 1, 500});
        all.push_back({"upkeep.sent_no_reply", action, 1, 500});
        all.push_back({"commit.before", action});
        all.push_back({"commit.after", action});
        all.push_back({"close.before_flush", action, 1, 50, false});
        all.push_back({"retire.before_send", action, 0, 50, false});
        all.push_back({"retire.sent_no_reply", action, 0, 50, false});
    }
    return all;
}

// What a worker that lives on is told, or not told.
std::vector<Point> answers() {
    std::vector<Point> all;
    for (char const* verb : {"enlist", "claim", "settle", "renew", "upkeep", "retire"}) {
        bool const any_hit = std::string{verb} != "enlist" && std::string{verb} != "retire";
        int const millis = std::string{verb} == "renew" || std::string{verb} == "upkeep" ? 500 : 50;
        all.push_back({std::string{verb} + ".before_send", "throw", 0, millis, any_hit});
        all.push_back({std::string{verb} + ".sent_no_reply", "lose", 0, millis, any_hit});
    }
    all.push_back({"start.before_handler", "throw", 0, 50});
    return all;
}

AddScenario make_scenario(Point const& point, char const* brokers, std::string const& sentence) {
    return AddScenario{{"F02", brokers, sentence, __FILE__, __LINE__, false,
                        [point](Stage& stage) { crash(stage, point); }}};
}

// What a file alone has places for, and what takes long, are not for every broker and every commit.
char const* brokers_of(Point const& point) {
    if (point.place.starts_with("commit.")) return "sqlite";
    bool const is_short = point.action == "abort" || point.place == "settle.before_send";
    return is_short ? "sqlite redis rabbitmq rabbitmq+sqlite" : "sqlite";
}

AddScenario make_nightly(Point const& point) {
    bool const is_of_file = point.place.starts_with("commit.");
    return AddScenario{{"F02", is_of_file ? "sqlite" : "sqlite redis rabbitmq rabbitmq+sqlite",
                        "five seeds: " + point.action + " at " + point.place, __FILE__, __LINE__, true,
                        [point](Stage& stage) {
                            crash(stage, point);
                            for (int i = 1; i < 5; ++i)
                                stage.again([&](Stage& next) { crash(next, point); });
                        }}};
}

std::vector<AddScenario> add_all() {
    std::vector<AddScenario> added;
    for (auto const& point : points()) {
        std::string const what = point.action == "abort" ? "a worker dies at " : "a worker sleeps at ";
        added.push_back(
            make_scenario(point, brokers_of(point), what + point.place + ": no job is lost or ends twice"));
        added.push_back(make_nightly(point));
    }
    for (auto const& point : answers()) {
        std::string const what = point.action == "lose" ? "an answer is lost at " : "a call fails at ";
        added.push_back(make_scenario(point, "sqlite redis memory rabbitmq rabbitmq+sqlite",
                                      what + point.place + ": the worker works on"));
    }
    return added;
}

std::vector<AddScenario> const added = add_all();

}  // namespace
