// SPDX-License-Identifier: MIT
// Where jobs are in a store and RabbitMQ calls the workers: who dies between the one and the other.
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/jobs.hpp"
#include "faults/tickets_scene.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace rabbit_tickets_test {

using namespace faults;

namespace {

char const* const here = "rabbitmq+sqlite rabbitmq+redis";

// A client dies at this place, when its job is in the store. A worker that waits has it, called or not.
void lose_client(Stage& stage, std::string const& place) {
    stage.start(2, waiting_for_calls());
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

namespace {

// What one enqueue at this address is told, and how long that takes.
cohort::errc enqueue_at(std::string const& url, cohort::Duration& took) {
    auto const begun = ledger_time();
    cohort::errc code = cohort::errc::ok;
    try {
        cohort::BlockingClient client{url};
        client.enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    took = ledger_time() - begun;
    return code;
}

}  // namespace

FAULT("F28", "rabbitmq+sqlite",
      "no file where the client looks: it says so at once; no server: the job is there all the same") {
    cohort::Duration took{};
    auto const nowhere = support::rabbitmq_url() + "?store=sqlite:" + stage.file("nowhere/jobs.db");
    CHECK(enqueue_at(nowhere, took) == cohort::errc::storage_open);
    CHECK(took < 700ms * slowness);
    CHECK_FALSE(std::filesystem::exists(stage.file("nowhere")));

    stage.asker();
    auto const nobody = "amqp://127.0.0.1:1?timeout=500ms&namespace=" + rabbit_way(stage).space() +
                        "&store=sqlite:" + stage.file("jobs.db");
    CHECK(enqueue_at(nobody, took) == cohort::errc::ok);
    CHECK(took < 700ms * slowness);
    CHECK(stage.store().unfinished() == 1);
    stage.start();
    stage.until_ended(1);
    stage.drain();
    CHECK(stage.store().unfinished() == 0);
    Verdicts verdicts;
    verdicts.jobs = 1;
    stage.record(verdicts);
}

FAULT("F30", here, "half of all calls are lost: each job runs, a poll later at most") {
    std::string const plan = "ticket.before_send=drop*0%50";
    stage.arm(plan);
    stage.start(2, waiting_for_calls());
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

FAULT("F02", here, "a store is slow to take a job: a worker is called when it is there, and not before") {
    rabbit_way(stage).set_parameters(no_polls);
    stage.start(waiting_for_calls());
    REQUIRE(are_waiting(stage, 1));
    auto client = stage.start_client({.job = "ok", .failpoints = "push.before_send=pause(700)"});
    CHECK(client.wait(20'000) == 0);
    auto const stored = ledger_time();
    stage.until_ended(1);
    CHECK(ledger_time() - stored < called);
    stage.drain();
    stage.check();
}

FAULT("F02", here, "a worker dies when it was called and has not looked: another one is called") {
    rabbit_way(stage).set_parameters(no_polls);
    auto setup = waiting_for_calls();
    setup.failpoints = "ticket.before_look=hold";
    stage.start(setup);
    REQUIRE(are_waiting(stage, 1));
    stage.start(waiting_for_calls());
    REQUIRE(are_waiting(stage, 2));
    // In their turns; where nobody begins, the first one was called.
    std::size_t jobs = 0;
    auto const is_taken = [&] { return stage.count("end") == jobs; };
    do {
        REQUIRE(++jobs <= 4);
        stage.asker().enqueue({.job = "ok"});
    } while (becomes_true(is_taken, called));
    stage.kill(stage.worker(0));
    CHECK(becomes_true(is_taken, called));
    stage.drain();
    stage.check();
    CHECK(stage.count("start", "w1") == 0);
}

FAULT("F02", here, "jobs of a worker that died are put back: somebody is called for them") {
    rabbit_way(stage).set_parameters(no_polls);
    WorkerSetup const setup;
    stage.start(setup);
    REQUIRE(are_waiting(stage, 1));
    stage.asker().enqueue({.job = "ok", .number = 4000 * slowness, .count = 4});
    stage.asker().wait(60s);
    stage.until_started(4);
    REQUIRE(are_waiting(stage, 0));  // it has no slot left
    stage.start(waiting_for_calls());
    REQUIRE(are_waiting(stage, 1));
    stage.kill(stage.worker(0));
    stage.drain();
    stage.check({.recovery = setup.recovery()});
}

FAULT("F02", here, "calls come for nothing, while jobs run and afterwards: each job runs once") {
    rabbit_way(stage).set_parameters(no_polls);
    auto const call_all = [&stage] {
        auto const& way = rabbit_way(stage);
        for (int i = 0; i < 10; ++i)
            way.reader().publish(way.queue("tickets"), "", "");
    };
    stage.start(2, waiting_for_calls());
    REQUIRE(are_waiting(stage, 2));
    stage.asker().enqueue({.job = "ok", .number = 1000, .count = 3});
    stage.asker().wait(60s);
    stage.until_started(3);
    call_all();
    stage.until_ended(3);
    call_all();
    CHECK(time_of_one(stage) < called);
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 4);
}

}  // namespace rabbit_tickets_test
#endif
