// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("a success ends the job and keeps its result", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();

    CHECK(succeed(rig, run, R"({"total":3.5,"note":"ä"})") == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::succeeded);
    CHECK(record.result == R"({"total":3.5,"note":"ä"})");
    CHECK(record.reason == FailReason::none);
    CHECK(record.error.empty());
    CHECK(record.finished.has_value());
    CHECK(record.counters == Counters{1, 0, 0, 0});
    CHECK(record.token == run.token);
    CHECK(worker.take_ids(5).empty());
    CHECK(worker.beat().strays.empty());
}

COHORT_PROMISE("a failure ends the job, with its reason and text", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    Settlement settlement = report(worker.take(), SettleKind::failed);
    settlement.reason = FailReason::bad_payload;
    settlement.error = "argument 1: expected an integer";

    CHECK(settle(rig, std::move(settlement)) == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::failed);
    CHECK(record.reason == FailReason::bad_payload);
    CHECK(record.error == "argument 1: expected an integer");
    CHECK(record.arguments == "[1,2]");
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("a failed run waits for its retry", &C::status, &C::delays) {
    NewJob job = make_job("j1");
    job.policy.max_retries = 1;
    push(rig, std::move(job));
    Worker worker{rig};
    JobRecord const run = worker.take();

    CHECK(retry(rig, run, 10s) == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::retrying);
    CHECK(record.counters == Counters{1, 1, 0, 0});
    CHECK(record.reason == FailReason::exception);
    CHECK(record.error == "boom");
    CHECK(record.due >= *record.started + 10s);
    CHECK(worker.take_ids(5).empty());

    rig.advance(11s);
    JobRecord const second = worker.take();
    CHECK(second.counters == Counters{2, 1, 0, 0});
    CHECK(succeed(rig, second) == Verdict::accepted);
    CHECK(status_of(rig, ref("j1")).state == JobState::succeeded);
}

COHORT_PROMISE("a retry at once is due at once", &C::status) {
    NewJob job = make_job("j1");
    job.policy.max_retries = 1;
    push(rig, std::move(job));
    Worker worker{rig};

    CHECK(retry(rig, worker.take()) == Verdict::accepted);

    CHECK(worker.take().counters.attempt == 2);
}

COHORT_PROMISE("a retry beyond max_retries ends the job as failed", &C::status) {
    NewJob job = make_job("j1");
    job.policy.max_retries = 1;
    push(rig, std::move(job));
    Worker worker{rig};
    REQUIRE(retry(rig, worker.take()) == Verdict::accepted);

    CHECK(retry(rig, worker.take()) == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::failed);
    CHECK(record.counters == Counters{2, 2, 0, 0});
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("a release keeps the job's place and counts as nothing but a release", &C::status,
               &C::ordered) {
    push_jobs(rig, {"j1"});
    rig.advance(1s);
    push_jobs(rig, {"j2"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    rig.advance(1s);

    CHECK(release(rig, run) == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::queued);
    CHECK(record.due == run.due);
    CHECK(record.counters.failures == 0);
    CHECK(record.counters.lost == 0);
    CHECK(record.counters.released == 1);
    CHECK(record.error.empty());
    CHECK(worker.take().ref.id == "j1");
}

COHORT_PROMISE("a release with a delay keeps the job away for so long", &C::status, &C::delays) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};

    CHECK(release(rig, worker.take(), 10s) == Verdict::accepted);

    CHECK(status_of(rig, ref("j1")).state == JobState::scheduled);
    CHECK(worker.take_ids(5).empty());
    rig.advance(11s);
    CHECK(worker.take().counters.released == 1);
}

COHORT_PROMISE("a run that was asked to stop ends as cancelled", &C::status, &C::cancel) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::requested);

    CHECK(settle(rig, report(run, SettleKind::cancelled)) == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::cancelled);
    CHECK(record.finished.has_value());
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("a note is kept and does not end the run", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    Settlement note = report(run, SettleKind::note);
    note.result = "half done";

    CHECK(settle(rig, std::move(note)) == Verdict::accepted);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::running);
    CHECK(record.note == "half done");
    CHECK(worker.beat({{main_queue, 1}}).strays.empty());
    CHECK(succeed(rig, run) == Verdict::accepted);
    CHECK(status_of(rig, ref("j1")).note == "half done");
}

COHORT_PROMISE("a batch is settled job by job, and answered in its order") {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    auto const runs = worker.claim(2).jobs;
    REQUIRE(runs.size() == 2);
    JobRecord unknown = runs[0];
    unknown.ref.id = "nobody";
    std::vector<Settlement> settlements{report(runs[0], SettleKind::succeeded),
                                        report(unknown, SettleKind::succeeded),
                                        report(runs[1], SettleKind::released)};

    auto const verdicts = rig.run(rig.broker().settle(std::move(settlements)));

    CHECK(verdicts == std::vector{Verdict::accepted, Verdict::gone, Verdict::accepted});
}

COHORT_PROMISE("a repeated report is accepted and changes nothing", &C::fenced_settle, &C::status) {
    struct Row {
        SettleKind kind;
        Duration delay;
        JobState state;
    };
    Row const rows[] = {{SettleKind::succeeded, 0s, JobState::succeeded},
                        {SettleKind::failed, 0s, JobState::failed},
                        {SettleKind::retry, 10s, JobState::retrying},
                        {SettleKind::released, 0s, JobState::queued},
                        {SettleKind::released, 10s, JobState::scheduled}};
    for (auto const& [kind, delay, state] : rows) {
        std::string const id = "j-" + std::string{to_string(state)};
        NewJob job = make_job(id, id);
        job.policy.max_retries = 5;
        push(rig, std::move(job));
        Worker worker{rig, {id}};
        Settlement settlement = report(worker.take(), kind);
        settlement.delay = delay;
        if (kind == SettleKind::failed || kind == SettleKind::retry)
            settlement.reason = FailReason::exception;
        REQUIRE(settle(rig, settlement) == Verdict::accepted);
        JobRecord const before = status_of(rig, ref(id, id));
        REQUIRE(before.state == state);
        rig.advance(1s);

        CHECK(settle(rig, settlement) == Verdict::accepted);

        CHECK(status_of(rig, ref(id, id)) == before);
    }
}

COHORT_PROMISE("a second, different report about the same run is fenced", &C::fenced_settle, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    REQUIRE(succeed(rig, run) == Verdict::accepted);
    JobRecord const before = status_of(rig, ref("j1"));

    CHECK(fail(rig, run) == Verdict::fenced);
    CHECK(retry(rig, run) == Verdict::fenced);
    CHECK(release(rig, run) == Verdict::fenced);

    CHECK(status_of(rig, ref("j1")) == before);
}

COHORT_PROMISE("a report with another token is fenced and changes nothing", &C::fenced_settle, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    Worker other{rig};
    JobRecord run = worker.take();
    JobRecord const before = status_of(rig, ref("j1"));
    JobRecord wrong_number = run;
    wrong_number.token->claim += 1;
    JobRecord wrong_worker = run;
    wrong_worker.token->incarnation = other.incarnation;

    for (JobRecord const& wrong : {wrong_number, wrong_worker}) {
        CHECK(succeed(rig, wrong) == Verdict::fenced);
        CHECK(fail(rig, wrong) == Verdict::fenced);
        CHECK(retry(rig, wrong) == Verdict::fenced);
        CHECK(release(rig, wrong) == Verdict::fenced);
        CHECK(settle(rig, report(wrong, SettleKind::note)) == Verdict::fenced);
    }

    CHECK(status_of(rig, ref("j1")) == before);
    CHECK(succeed(rig, run) == Verdict::accepted);
}

COHORT_PROMISE("the token of an earlier run of the same job is fenced", &C::fenced_settle, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const first = worker.take();
    REQUIRE(release(rig, first) == Verdict::accepted);
    JobRecord const second = worker.take();

    CHECK(succeed(rig, first, "\"old\"") == Verdict::fenced);
    CHECK(release(rig, first) == Verdict::fenced);

    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    CHECK(succeed(rig, second, "\"new\"") == Verdict::accepted);
    CHECK(result_of(rig, ref("j1")).result == "\"new\"");
}

COHORT_PROMISE("a job that waits cannot be settled by somebody who never had it", &C::fenced_settle,
               &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord made_up = status_of(rig, ref("j1"));
    made_up.token = Token{worker.incarnation, 1};

    CHECK(succeed(rig, made_up) == Verdict::fenced);
    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
}

COHORT_PROMISE("a report about an unknown job is answered gone") {
    Worker worker{rig};
    JobRecord unknown;
    unknown.ref = ref("nobody");
    unknown.token = Token{worker.incarnation, 1};
    CHECK(succeed(rig, unknown) == Verdict::gone);
    unknown.ref = ref("nobody", "nowhere");
    CHECK(succeed(rig, unknown) == Verdict::gone);
}

COHORT_PROMISE("with keep_result 0 nothing is left of a success", &C::status) {
    NewJob job = make_job("j1");
    job.policy.keep_result = 0s;
    push(rig, std::move(job));
    Worker worker{rig};
    JobRecord const run = worker.take();

    CHECK(succeed(rig, run) == Verdict::accepted);

    CHECK_FALSE(exists(rig, ref("j1")));
    CHECK_FALSE(result_of(rig, ref("j1")).known);
    CHECK(succeed(rig, run) == Verdict::gone);
    CHECK(worker.beat().strays.empty());
}

COHORT_PROMISE("with keep_error 0 nothing is left of a failure", &C::status) {
    NewJob job = make_job("j1");
    job.policy.keep_error = 0s;
    push(rig, std::move(job));
    Worker worker{rig};
    JobRecord const run = worker.take();

    CHECK(fail(rig, run) == Verdict::accepted);

    CHECK_FALSE(exists(rig, ref("j1")));
    CHECK(fail(rig, run) == Verdict::gone);
}

}  // namespace cohort::conformance
