// SPDX-License-Identifier: MIT
// enlist, renew, retire: the life of a worker.
#include "brokers/conformance/suite.hpp"

#include <cohort/id.hpp>

#include <algorithm>

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("an enlisted worker is shown with what it said of itself", &C::inspect) {
    Worker const worker{rig, {"left", "right"}, 20s};

    auto const workers = rig.run(rig.inspector().workers());

    REQUIRE(workers.size() == 1);
    WorkerInfo const& info = workers.front();
    CHECK(info.incarnation == worker.incarnation);
    CHECK(info.name == "suite");
    CHECK(info.host == "here");
    CHECK(info.pid == 7);
    CHECK(info.queues == std::vector<std::string>{"left", "right"});
    CHECK(info.slots == 10);
    CHECK(info.lease == 20s);
    CHECK(info.since > Instant{});
    CHECK(info.last_beat >= info.since);
}

COHORT_PROMISE("enlisting twice before the first claim is harmless", &C::inspect) {
    Worker worker{rig};
    WorkerInfo again;
    again.incarnation = worker.incarnation;
    again.queues = worker.queues;
    rig.run(rig.broker().enlist(again));
    push_jobs(rig, {"j1"});

    CHECK(worker.take().ref.id == "j1");
    CHECK(rig.run(rig.inspector().workers()).size() == 1);
}

COHORT_PROMISE("a worker without an incarnation, a queue or a lease is refused") {
    WorkerInfo good;
    good.incarnation = random_id();
    good.queues = {main_queue};
    WorkerInfo nobody = good;
    nobody.incarnation.clear();
    WorkerInfo idle = good;
    idle.queues.clear();
    WorkerInfo unnamed = good;
    unnamed.queues = {""};
    WorkerInfo dead = good;
    dead.lease = 0s;

    CHECK(code_of(rig, rig.broker().enlist(nobody)) != errc::ok);
    CHECK(code_of(rig, rig.broker().enlist(idle)) != errc::ok);
    CHECK(code_of(rig, rig.broker().enlist(unnamed)) == errc::invalid_queue_name);
    CHECK(code_of(rig, rig.broker().enlist(dead)) == errc::invalid_lease);
}

COHORT_PROMISE("a beat of an unknown incarnation is answered retired") {
    Beat beat;
    beat.incarnation = random_id();
    CHECK(rig.run(rig.broker().renew(beat)).retired);
}

COHORT_PROMISE("beats keep a worker alive for as long as they come", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig, {main_queue}, 30s};
    JobRecord const run = worker.take();
    for (int i = 0; i < 5; ++i) {
        rig.advance(20s);
        CHECK_FALSE(worker.beat({{main_queue, 1}}).retired);
        CHECK(upkeep(rig).recovered == 0);
    }
    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    CHECK(succeed(rig, run) == Verdict::accepted);
}

COHORT_PROMISE("a late beat counts as long as nobody has retired the worker", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig, {main_queue}, 30s};
    JobRecord const run = worker.take();
    rig.advance(5min);

    CHECK_FALSE(worker.beat({{main_queue, 1}}).retired);
    CHECK(upkeep(rig).recovered == 0);

    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    CHECK(succeed(rig, run) == Verdict::accepted);
}

COHORT_PROMISE("a late outcome counts as long as nobody has retired the worker", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig, {main_queue}, 30s};
    JobRecord const run = worker.take();
    rig.advance(5min);

    CHECK(succeed(rig, run) == Verdict::accepted);
}

COHORT_PROMISE("a beat names the running jobs that are to be cancelled, until they end", &C::cancel,
               &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    Worker other{rig};
    auto const runs = worker.claim(2).jobs;
    REQUIRE(runs.size() == 2);
    REQUIRE(cancel(rig, ref("j2")) == CancelVerdict::requested);

    CHECK(worker.beat({{main_queue, 2}}).cancel == std::vector{ref("j2")});
    CHECK(worker.beat({{main_queue, 2}}).cancel == std::vector{ref("j2")});
    CHECK(other.beat().cancel.empty());

    JobRecord const& second = runs[0].ref.id == "j2" ? runs[0] : runs[1];
    REQUIRE(settle(rig, report(second, SettleKind::cancelled)) == Verdict::accepted);
    CHECK(worker.beat({{main_queue, 1}}).cancel.empty());
}

COHORT_PROMISE("a beat that counts other jobs than the broker is told of all that run under it") {
    push_jobs(rig, {"l1", "l2"}, "left");
    push_jobs(rig, {"r1"}, "right");
    Worker worker{rig, {"left", "right"}};
    auto const runs = worker.claim(5).jobs;
    REQUIRE(runs.size() == 3);

    CHECK(worker.beat({{"left", 2}, {"right", 1}}).strays.empty());

    auto const strays = worker.beat({{"left", 1}, {"right", 1}}).strays;
    REQUIRE(strays.size() == 2);
    for (JobRecord const& stray : strays) {
        CHECK(stray.ref.queue == "left");
        CHECK(stray.token == runs[0].token);
    }
    CHECK(worker.beat().strays.size() == 3);
}

COHORT_PROMISE("a stray is released uncounted and given again", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    worker.claim(1);  // suppose that this reply was lost
    auto const strays = worker.beat({{main_queue, 0}}).strays;
    REQUIRE(strays.size() == 1);

    CHECK(release(rig, strays.front()) == Verdict::accepted);

    Counters const expected{2, 0, 0, 1};
    CHECK(worker.take().counters == expected);
}

COHORT_PROMISE("retiring releases what the worker held, uncounted and due at once", &C::status) {
    push_jobs(rig, {"l1"}, "left");
    push_jobs(rig, {"r1"}, "right");
    Worker worker{rig, {"left", "right"}};
    REQUIRE(worker.claim(5).jobs.size() == 2);

    worker.retire();

    for (JobRef const& job : {ref("l1", "left"), ref("r1", "right")}) {
        JobRecord const record = status_of(rig, job);
        CHECK(record.state == JobState::queued);
        CHECK(record.counters == Counters{1, 0, 0, 1});
        CHECK(record.error.empty());
    }
    Worker next{rig, {"left", "right"}};
    CHECK(next.claim(5).jobs.size() == 2);
}

COHORT_PROMISE("retiring a worker whose job is to be cancelled cancels it", &C::cancel, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    worker.take();
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::requested);

    worker.retire();

    CHECK(status_of(rig, ref("j1")).state == JobState::cancelled);
    Worker next{rig};
    CHECK(next.take_ids(5).empty());
}

COHORT_PROMISE("a retired worker is told so, and gets nothing any more") {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    worker.retire();

    CHECK(worker.claim(5).retired);
    CHECK(worker.beat().retired);
    worker.retire();  // a second time is ignored
}

COHORT_PROMISE("retiring an unknown incarnation is ignored") {
    std::string const nobody = random_id();
    CHECK(code_of(rig, rig.broker().retire(nobody)) == errc::ok);
}

COHORT_PROMISE("a retired worker is no longer shown", &C::inspect) {
    Worker worker{rig};
    worker.retire();
    CHECK(rig.run(rig.inspector().workers()).empty());
}

COHORT_PROMISE("what a retired worker still reports is fenced", &C::fenced_settle, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    worker.retire();
    JobRecord const before = status_of(rig, ref("j1"));

    CHECK(succeed(rig, run) == Verdict::fenced);
    CHECK(fail(rig, run) == Verdict::fenced);
    CHECK(retry(rig, run) == Verdict::fenced);

    CHECK(status_of(rig, ref("j1")) == before);
}

}  // namespace cohort::conformance
