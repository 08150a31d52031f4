// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

#include <algorithm>

namespace cohort::conformance {

using C = Capabilities;
using Ids = std::vector<std::string>;

namespace {

WatchParams watch_of(std::string client, Duration wait) {
    WatchParams params;
    params.client = std::move(client);
    params.wait = wait;
    return params;
}

void succeed_next(Rig& rig, Worker& worker) {
    REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
}

// A client is known to a broker from its first watch on. Where watches are served by other threads, this is
// also how to know that the one below will miss nothing that ends after this call.
auto begin_watch(Rig& rig, std::string const& client) {
    rig.run(rig.broker().watch(watch_of(client, 1ms)));
    return rig.start(rig.broker().watch(watch_of(client, 1h)));
}

}  // namespace

COHORT_PROMISE("a watch with nothing to tell ends after its wait, with nothing") {
    auto const ended = rig.run(rig.broker().watch(watch_of("c1", 100ms)));
    CHECK(ended.empty());
}

COHORT_PROMISE("a watch is told of a job that ends meanwhile", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    auto watching = begin_watch(rig, "c1");
    CHECK_FALSE(watching.is_done());

    succeed_next(rig, worker);

    auto const ended = rig.finish(watching);
    REQUIRE(ids_of(ended) == Ids{"j1"});
    CHECK(ended.front().ref == ref("j1"));
    if (ended.front().ending) {
        CHECK(ended.front().ending->state == JobState::succeeded);
        CHECK(ended.front().ending->result == "3");
    }
}

COHORT_PROMISE("a watch is told of what ended since the last one") {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    auto watching = begin_watch(rig, "c1");
    succeed_next(rig, worker);
    REQUIRE(rig.finish(watching).size() == 1);
    succeed_next(rig, worker);

    auto const ended = rig.run(rig.broker().watch(watch_of("c1", 1h)));

    CHECK(ended.size() == 1);
}

COHORT_PROMISE("a watch is told of every way to end", &C::cancel, &C::expiry) {
    push_jobs(rig, {"failed", "cancelled"});
    NewJob late = make_job("expired", "other");
    late.expires = 1s;
    push(rig, std::move(late));
    Worker worker{rig};
    auto watching = begin_watch(rig, "c1");
    Ids told;
    auto const next = [&] {
        for (std::string const& id : ids_of(rig.finish(watching)))
            told.push_back(id);
        watching = rig.start(rig.broker().watch(watch_of("c1", 1h)));
    };

    REQUIRE(cancel(rig, ref("cancelled")) == CancelVerdict::cancelled);
    next();
    REQUIRE(fail(rig, worker.take()) == Verdict::accepted);
    next();
    rig.advance(2s);
    UpkeepParams params;
    params.queues = {"other"};
    REQUIRE(rig.run(rig.broker().upkeep(params)).expired == 1);
    next();

    CHECK(told == Ids{"cancelled", "failed", "expired"});
}

COHORT_PROMISE("a watch is told of a job that did not start in time, and it is not given", &C::expiry) {
    NewJob late = make_job("late");
    late.expires = 10s;
    push(rig, std::move(late));
    NewJob patient = make_job("patient");
    patient.expires = 1h;
    push(rig, std::move(patient));
    Worker worker{rig};
    auto watching = begin_watch(rig, "c1");
    rig.advance(11s);

    CHECK(worker.take_ids(5) == Ids{"patient"});
    UpkeepParams params;
    params.queues = {"main"};
    rig.run(rig.broker().upkeep(params));

    CHECK(ids_of(rig.finish(watching)) == Ids{"late"});
}

COHORT_PROMISE("a watch is told of a job that keeps nothing") {
    NewJob job = make_job("j1");
    job.policy.keep_result = 0s;
    push(rig, std::move(job));
    Worker worker{rig};
    auto watching = begin_watch(rig, "c1");

    succeed_next(rig, worker);

    CHECK(ids_of(rig.finish(watching)) == Ids{"j1"});
}

COHORT_PROMISE("a watch is not told of runs that are not the end") {
    NewJob job = make_job("j1");
    job.policy.max_retries = 3;
    push(rig, std::move(job));
    Worker worker{rig};
    auto watching = begin_watch(rig, "c1");

    REQUIRE(retry(rig, worker.take()) == Verdict::accepted);
    JobRecord const run = worker.take();
    REQUIRE(release(rig, run) == Verdict::accepted);
    rig.poll();
    CHECK_FALSE(watching.is_done());

    succeed_next(rig, worker);
    CHECK(rig.finish(watching).size() == 1);
}

COHORT_PROMISE("two clients do not hear of each other's jobs") {
    NewJob other = make_job("j2");
    other.client = "c2";
    push_jobs(rig, {"j1"});
    push(rig, std::move(other));
    auto first = begin_watch(rig, "c1");
    auto second = begin_watch(rig, "c2");
    Worker worker{rig};
    auto const runs = worker.claim(2).jobs;
    REQUIRE(runs.size() == 2);

    for (JobRecord const& run : runs)
        REQUIRE(succeed(rig, run) == Verdict::accepted);

    CHECK(ids_of(rig.finish(first)) == Ids{"j1"});
    CHECK(ids_of(rig.finish(second)) == Ids{"j2"});
}

COHORT_PROMISE("a watch hears of the jobs of all queues") {
    push_jobs(rig, {"l"}, "left");
    push_jobs(rig, {"r"}, "right");
    Worker worker{rig, {"left", "right"}};
    Ids told;
    auto watching = begin_watch(rig, "c1");
    for (int i = 0; i < 2; ++i) {
        succeed_next(rig, worker);
        for (std::string const& id : ids_of(rig.finish(watching)))
            told.push_back(id);
        watching = rig.start(rig.broker().watch(watch_of("c1", 1h)));
    }
    std::sort(told.begin(), told.end());
    CHECK(told == Ids{"l", "r"});
}

COHORT_PROMISE("a watch is told of what another Broker object settles", &C::fenced_settle) {
    auto const other = rig.open();
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    auto watching = begin_watch(rig, "c1");

    std::vector<Settlement> settlements{report(run, SettleKind::succeeded)};
    auto const verdicts = rig.run(other->settle(std::move(settlements)));

    CHECK(verdicts == std::vector{Verdict::accepted});
    CHECK(ids_of(rig.finish(watching)) == Ids{"j1"});
}

COHORT_PROMISE("a watch without a client throws") {
    CHECK_THROWS_AS(rig.run(rig.broker().watch(watch_of("", 1ms))), Error);
}

COHORT_PROMISE("a cancelled watch ends with operation_aborted") {
    auto watching = begin_watch(rig, "c1");

    rig.cancel(watching);

    CHECK(is_aborted(rig, watching));
}

}  // namespace cohort::conformance
