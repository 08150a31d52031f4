// SPDX-License-Identifier: MIT
// JobSpec::unique: held if and only if a job of that key is not terminal.
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

namespace {

NewJob unique_job(std::string id, std::string key = "key") {
    NewJob job = make_job(std::move(id));
    job.unique = std::move(key);
    job.policy.max_retries = 3;
    return job;
}

bool is_held_by(Rig& rig, std::string const& holder) {
    PushResult const result = push(rig, unique_job("probe"));
    if (result.verdict == PushVerdict::duplicate) {
        CHECK(result.existing == holder);
        CHECK_FALSE(exists(rig, ref("probe")));
        return true;
    }
    REQUIRE(result.verdict == PushVerdict::stored);
    return false;
}

}  // namespace

COHORT_PROMISE("a second job of a unique key is not stored, and names the first", &C::unique, &C::status) {
    REQUIRE(push(rig, unique_job("j1")).verdict == PushVerdict::stored);

    CHECK(is_held_by(rig, "j1"));
}

COHORT_PROMISE("the holder itself pushed again is stored, not a duplicate", &C::unique) {
    push(rig, unique_job("j1"));
    CHECK(push(rig, unique_job("j1")).verdict == PushVerdict::stored);
}

COHORT_PROMISE("two jobs of one unique key in one batch: the first is stored", &C::unique) {
    std::vector<NewJob> jobs;
    jobs.push_back(unique_job("j1"));
    jobs.push_back(unique_job("j2"));

    auto const results = rig.run(rig.broker().push(std::move(jobs)));

    CHECK(results[0].verdict == PushVerdict::stored);
    CHECK(results[1].verdict == PushVerdict::duplicate);
    CHECK(results[1].existing == "j1");
}

COHORT_PROMISE("other keys, no key and other queues are free", &C::unique) {
    push(rig, unique_job("j1"));
    NewJob elsewhere = unique_job("j4");
    elsewhere.ref.queue = "other";

    CHECK(push(rig, unique_job("j2", "another")).verdict == PushVerdict::stored);
    CHECK(push(rig, unique_job("j3", "")).verdict == PushVerdict::stored);
    CHECK(push(rig, unique_job("j5", "")).verdict == PushVerdict::stored);
    CHECK(push(rig, std::move(elsewhere)).verdict == PushVerdict::stored);
}

COHORT_PROMISE("a unique key is held while its job runs, retries and is handed back", &C::unique,
               &C::status) {
    push(rig, unique_job("j1"));
    Worker worker{rig};
    JobRecord run = worker.take();
    CHECK(is_held_by(rig, "j1"));
    REQUIRE(release(rig, run) == Verdict::accepted);
    CHECK(is_held_by(rig, "j1"));
    REQUIRE(retry(rig, worker.take(), 1s) == Verdict::accepted);
    CHECK(is_held_by(rig, "j1"));
    rig.advance(2s);
    run = worker.take();
    CHECK(is_held_by(rig, "j1"));

    REQUIRE(succeed(rig, run) == Verdict::accepted);
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a unique key is free when its job has failed", &C::unique, &C::status) {
    push(rig, unique_job("j1"));
    Worker worker{rig};
    REQUIRE(fail(rig, worker.take()) == Verdict::accepted);
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a unique key is free when its job is cancelled", &C::unique, &C::status, &C::cancel) {
    push(rig, unique_job("j1"));
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::cancelled);
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a unique key is free when its job has expired", &C::unique, &C::status, &C::expiry) {
    NewJob job = unique_job("j1");
    job.expires = 1s;
    push(rig, std::move(job));
    rig.advance(2s);
    REQUIRE(upkeep(rig).expired == 1);
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a unique key survives the loss of a worker, and is free when the job is dead", &C::unique,
               &C::status) {
    NewJob job = unique_job("j1");
    job.policy.max_lost = 1;
    push(rig, std::move(job));
    for (int i = 0; i < 2; ++i) {
        Worker worker{rig, {main_queue}, 30s};
        worker.take();
        rig.advance(31s);
        CHECK(is_held_by(rig, "j1"));
        upkeep(rig);
        rig.advance(2min);
    }
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a unique key is free when nothing is kept of its job", &C::unique, &C::status) {
    NewJob job = unique_job("j1");
    job.policy.keep_result = 0s;
    push(rig, std::move(job));
    Worker worker{rig};
    REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a unique key is free when its job is purged", &C::unique, &C::status, &C::inspect) {
    push(rig, unique_job("j1"));
    REQUIRE(rig.run(rig.inspector().purge(main_queue, {JobState::queued})) == 1);
    CHECK_FALSE(is_held_by(rig, "j1"));
}

COHORT_PROMISE("forgetting an ended job leaves the key with its new holder", &C::unique, &C::status) {
    NewJob job = unique_job("j1");
    job.policy.keep_result = 1s;
    push(rig, std::move(job));
    Worker worker{rig};
    REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
    REQUIRE(push(rig, unique_job("j2")).verdict == PushVerdict::stored);
    rig.advance(2s);
    REQUIRE(upkeep(rig).forgotten == 1);

    CHECK(is_held_by(rig, "j2"));
}

COHORT_PROMISE("a requeued job takes its unique key again", &C::unique, &C::status, &C::inspect, &C::cancel) {
    push(rig, unique_job("j1"));
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::cancelled);
    REQUIRE(rig.run(rig.inspector().requeue({ref("j1")})) == std::vector{true});

    CHECK(is_held_by(rig, "j1"));
}

COHORT_PROMISE("a job is not requeued while another one holds its unique key", &C::unique, &C::status,
               &C::inspect, &C::cancel) {
    push(rig, unique_job("j1"));
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::cancelled);
    REQUIRE(push(rig, unique_job("j2")).verdict == PushVerdict::stored);

    CHECK(rig.run(rig.inspector().requeue({ref("j1")})) == std::vector{false});

    CHECK(status_of(rig, ref("j1")).state == JobState::cancelled);
    CHECK(is_held_by(rig, "j2"));
}

}  // namespace cohort::conformance
