// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("a queued job that is cancelled never runs", &C::cancel, &C::status) {
    push_jobs(rig, {"j1"});

    CHECK(cancel(rig, ref("j1")) == CancelVerdict::cancelled);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::cancelled);
    CHECK(record.finished.has_value());
    Worker worker{rig};
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("a scheduled job that is cancelled never runs", &C::cancel, &C::status, &C::delays) {
    NewJob job = make_job("j1");
    job.delay = 10s;
    push(rig, std::move(job));

    CHECK(cancel(rig, ref("j1")) == CancelVerdict::cancelled);

    rig.advance(20s);
    Worker worker{rig};
    CHECK(worker.take_ids(5).empty());
    CHECK(status_of(rig, ref("j1")).state == JobState::cancelled);
}

COHORT_PROMISE("a job that waits for its retry can be cancelled", &C::cancel, &C::status, &C::delays) {
    NewJob job = make_job("j1");
    job.policy.max_retries = 3;
    push(rig, std::move(job));
    Worker worker{rig};
    REQUIRE(retry(rig, worker.take(), 10s) == Verdict::accepted);

    CHECK(cancel(rig, ref("j1")) == CancelVerdict::cancelled);

    rig.advance(20s);
    CHECK(worker.take_ids(5).empty());
    CHECK(status_of(rig, ref("j1")).state == JobState::cancelled);
}

COHORT_PROMISE("a running job is asked to stop, and goes on until its worker says so", &C::cancel,
               &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    worker.take();

    CHECK(cancel(rig, ref("j1")) == CancelVerdict::requested);
    CHECK(cancel(rig, ref("j1")) == CancelVerdict::requested);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::running);
    CHECK(record.cancel_requested);
}

COHORT_PROMISE("a run that succeeds in spite of its cancellation has succeeded", &C::cancel, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::requested);

    CHECK(succeed(rig, run) == Verdict::accepted);

    CHECK(status_of(rig, ref("j1")).state == JobState::succeeded);
}

COHORT_PROMISE("a retry or a release of a run that is to be cancelled ends it", &C::cancel, &C::status) {
    for (SettleKind const kind : {SettleKind::retry, SettleKind::released}) {
        std::string const id{to_string(kind)};
        NewJob job = make_job(id);
        job.policy.max_retries = 3;
        push(rig, std::move(job));
        Worker worker{rig};
        JobRecord const run = worker.take();
        REQUIRE(cancel(rig, ref(id)) == CancelVerdict::requested);

        CHECK((kind == SettleKind::retry ? retry(rig, run) : release(rig, run)) == Verdict::accepted);

        CHECK(status_of(rig, ref(id)).state == JobState::cancelled);
        CHECK(worker.take_ids(5).empty());
    }
}

COHORT_PROMISE("a job that has ended cannot be cancelled", &C::cancel, &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    JobRecord const first = worker.take();
    REQUIRE(succeed(rig, first) == Verdict::accepted);
    JobRecord const second = worker.take();
    REQUIRE(fail(rig, second) == Verdict::accepted);

    CHECK(cancel(rig, first.ref) == CancelVerdict::finished);
    CHECK(cancel(rig, second.ref) == CancelVerdict::finished);

    CHECK(status_of(rig, first.ref).state == JobState::succeeded);
    CHECK(status_of(rig, second.ref).state == JobState::failed);
}

COHORT_PROMISE("cancelling twice says that it is over", &C::cancel) {
    push_jobs(rig, {"j1"});
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::cancelled);
    CHECK(cancel(rig, ref("j1")) == CancelVerdict::finished);
}

COHORT_PROMISE("an unknown job cannot be cancelled", &C::cancel) {
    CHECK(cancel(rig, ref("nobody")) == CancelVerdict::unknown);
    CHECK(cancel(rig, ref("nobody", "nowhere")) == CancelVerdict::unknown);
}

COHORT_PROMISE("many jobs are cancelled in one call and answered in their order", &C::cancel) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    std::string const waiting = run.ref.id == "j1" ? "j2" : "j1";

    auto const verdicts = rig.run(rig.broker().cancel({run.ref, ref("nobody"), ref(waiting)}));

    CHECK(verdicts ==
          std::vector{CancelVerdict::requested, CancelVerdict::unknown, CancelVerdict::cancelled});
}

COHORT_PROMISE("with keep_error 0 nothing is left of a cancelled job", &C::cancel, &C::status) {
    NewJob job = make_job("j1");
    job.policy.keep_error = 0s;
    push(rig, std::move(job));

    CHECK(cancel(rig, ref("j1")) == CancelVerdict::cancelled);

    CHECK_FALSE(exists(rig, ref("j1")));
}

}  // namespace cohort::conformance
