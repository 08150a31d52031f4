// SPDX-License-Identifier: MIT
// When jobs run: priorities, delays, expiry.
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;
using Ids = std::vector<std::string>;

namespace {

void push_with_priority(Rig& rig, std::string id, std::int32_t priority) {
    NewJob job = make_job(std::move(id));
    job.priority = priority;
    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
    rig.advance(1ms);
}

void push_delayed(Rig& rig, std::string id, Duration delay) {
    NewJob job = make_job(std::move(id));
    job.delay = delay;
    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
}

}  // namespace

COHORT_PROMISE("urgent jobs are given before usual ones, and these before patient ones", &C::priorities) {
    push_with_priority(rig, "usual", 0);
    push_with_priority(rig, "patient", -100);
    push_with_priority(rig, "urgent", 100);
    Worker worker{rig};

    CHECK(worker.take_ids(10) == Ids{"urgent", "usual", "patient"});
}

COHORT_PROMISE("jobs of higher priority are given first", &C::priorities, &C::ordered) {
    push_with_priority(rig, "normal", 0);
    push_with_priority(rig, "low", -100);
    push_with_priority(rig, "high", 7);
    push_with_priority(rig, "highest", 100);
    Worker worker{rig};

    CHECK(worker.take_ids(10) == Ids{"highest", "high", "normal", "low"});
}

COHORT_PROMISE("jobs of one priority keep their order among others", &C::priorities, &C::ordered) {
    push_with_priority(rig, "a1", 1);
    push_with_priority(rig, "b1", 2);
    push_with_priority(rig, "a2", 1);
    push_with_priority(rig, "b2", 2);
    Worker worker{rig};

    CHECK(worker.take_ids(10) == Ids{"b1", "b2", "a1", "a2"});
}

COHORT_PROMISE("a job that has just fallen due goes before a queued one of lower priority", &C::priorities,
               &C::delays) {
    NewJob job = make_job("high");
    job.priority = 5;
    job.delay = 2s;
    push(rig, std::move(job));
    push_with_priority(rig, "low", 0);
    rig.advance(3s);
    Worker worker{rig};

    CHECK(worker.take_ids(1) == Ids{"high"});
}

COHORT_PROMISE("a delayed job waits for its time", &C::delays, &C::status) {
    push_delayed(rig, "j1", 10s);
    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::scheduled);
    CHECK(record.due == record.created + 10s);
    Worker worker{rig};
    CHECK(worker.take_ids(5).empty());

    rig.advance(9s);
    CHECK(worker.take_ids(5).empty());

    rig.advance(2s);
    CHECK(worker.take_ids(5) == Ids{"j1"});
}

COHORT_PROMISE("delayed jobs are given in the order of their due times", &C::delays, &C::ordered) {
    push_delayed(rig, "third", 30s);
    push_delayed(rig, "first", 10s);
    push_delayed(rig, "second", 20s);
    rig.advance(31s);
    Worker worker{rig};

    CHECK(worker.take_ids(10) == Ids{"first", "second", "third"});
}

COHORT_PROMISE("a job is not before its eta, whatever its delay says", &C::delays, &C::status) {
    push_jobs(rig, {"probe"});
    Instant const now = status_of(rig, ref("probe")).created;
    NewJob job = make_job("j1");
    job.eta = now + 1min;
    job.delay = 1s;
    push(rig, std::move(job));

    JobRecord const record = status_of(rig, ref("j1"));

    CHECK(record.state == JobState::scheduled);
    CHECK(record.due == now + 1min);
}

COHORT_PROMISE("an eta in the past is at once", &C::delays, &C::status) {
    NewJob job = make_job("j1");
    job.eta = Instant{} + 1h;
    push(rig, std::move(job));

    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
    Worker worker{rig};
    CHECK(worker.take_ids(5) == Ids{"j1"});
}

COHORT_PROMISE("a job as far away as time goes is stored and waits", &C::delays, &C::status) {
    push_delayed(rig, "j1", 24h * 36500);
    NewJob job = make_job("j2");
    job.eta = never;
    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
    Worker worker{rig};

    CHECK(worker.take_ids(5).empty());
    CHECK(status_of(rig, ref("j1")).state == JobState::scheduled);
    CHECK(status_of(rig, ref("j2")).state == JobState::scheduled);
}

COHORT_PROMISE("a job that did not start in time is not given", &C::expiry, &C::status) {
    NewJob late = make_job("late");
    late.expires = 10s;
    push(rig, std::move(late));
    push_jobs(rig, {"other"});
    rig.advance(11s);
    Worker worker{rig};

    CHECK(worker.take_ids(5) == Ids{"other"});

    upkeep(rig);
    CHECK(status_of(rig, ref("late")).state == JobState::expired);
}

COHORT_PROMISE("a job that expires before it falls due does so, and holds up nobody", &C::expiry, &C::delays,
               &C::status) {
    NewJob job = make_job("hopeless");
    job.delay = 10s;
    job.expires = 3s;
    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
    Worker worker{rig};
    rig.advance(4s);

    CHECK(worker.claim(5).jobs.empty());
    push_jobs(rig, {"good"});
    CHECK(worker.take_ids(5) == std::vector<std::string>{"good"});

    upkeep(rig);
    CHECK(status_of(rig, ref("hopeless")).state == JobState::expired);
}

COHORT_PROMISE("a job that starts in time is given", &C::expiry, &C::status) {
    NewJob job = make_job("j1");
    job.expires = 10s;
    push(rig, std::move(job));
    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.expires == record.created + 10s);
    rig.advance(5s);
    Worker worker{rig};

    CHECK(worker.take_ids(5) == Ids{"j1"});
}

COHORT_PROMISE("a job that has started in time does not expire any more", &C::expiry, &C::status) {
    NewJob job = make_job("j1");
    job.expires = 10s;
    job.policy.max_retries = 3;
    push(rig, std::move(job));
    Worker worker{rig};
    JobRecord const run = worker.take();
    rig.advance(20s);
    CHECK(upkeep(rig).expired == 0);
    CHECK(status_of(rig, ref("j1")).state == JobState::running);

    REQUIRE(release(rig, run) == Verdict::accepted);

    CHECK(upkeep(rig).expired == 0);
    CHECK(worker.take().ref.id == "j1");
}

COHORT_PROMISE("with keep_error 0 nothing is left of an expired job", &C::expiry, &C::status) {
    NewJob job = make_job("j1");
    job.expires = 1s;
    job.policy.keep_error = 0s;
    push(rig, std::move(job));
    rig.advance(2s);
    upkeep(rig);

    CHECK_FALSE(exists(rig, ref("j1")));
}

}  // namespace cohort::conformance
