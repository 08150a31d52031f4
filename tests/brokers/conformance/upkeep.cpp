// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

namespace {

// Takes the job, dies of it, and lets upkeep find out.
UpkeepReply lose_once(Rig& rig) {
    Worker worker{rig, {main_queue}, 30s};
    worker.take();
    rig.advance(31s);
    UpkeepReply const reply = upkeep(rig);
    rig.advance(2min);  // longer than any pause after a loss
    return reply;
}

// A success that is kept for ten seconds, and a failure that is kept for twenty.
void push_ended(Rig& rig) {
    NewJob good = make_job("good");
    good.policy.keep_result = 10s;
    good.policy.keep_error = 1h;
    push(rig, std::move(good));
    NewJob bad = make_job("bad");
    bad.policy.keep_result = 1h;
    bad.policy.keep_error = 20s;
    push(rig, std::move(bad));
    Worker worker{rig};
    for (JobRecord const& run : worker.claim(2).jobs) {
        if (run.ref.id == "good") {
            REQUIRE(succeed(rig, run) == Verdict::accepted);
        } else {
            REQUIRE(fail(rig, run) == Verdict::accepted);
        }
    }
}

}  // namespace

COHORT_PROMISE("upkeep of a healthy or an unknown queue does nothing", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    worker.take();
    push_jobs(rig, {"j2"});
    UpkeepParams params;
    params.queues = {main_queue, "nowhere"};

    UpkeepReply const reply = rig.run(rig.broker().upkeep(params));

    CHECK(reply.promoted == 0);
    CHECK(reply.expired == 0);
    CHECK(reply.recovered == 0);
    CHECK(reply.died == 0);
    CHECK(reply.forgotten == 0);
    CHECK_FALSE(reply.more);
    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    CHECK(status_of(rig, ref("j2")).state == JobState::queued);
}

COHORT_PROMISE("upkeep with a limit of 0 or an empty queue name throws") {
    UpkeepParams no_limit;
    no_limit.queues = {main_queue};
    no_limit.limit = 0;
    UpkeepParams unnamed;
    unnamed.queues = {""};
    CHECK_THROWS_AS(rig.run(rig.broker().upkeep(no_limit)), Error);
    CHECK(code_of(rig, rig.broker().upkeep(unnamed)) == errc::invalid_queue_name);
}

COHORT_PROMISE("upkeep does not touch a worker whose lease goes on", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig, {main_queue}, 30s};
    worker.take();
    rig.advance(29s);

    CHECK(upkeep(rig).recovered == 0);

    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    CHECK_FALSE(worker.beat({{main_queue, 1}}).retired);
}

COHORT_PROMISE("the jobs of a worker past its lease wait again, and the loss is counted", &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker dead{rig, {main_queue}, 30s};
    REQUIRE(dead.claim(2).jobs.size() == 2);
    rig.advance(31s);

    UpkeepReply const reply = upkeep(rig);

    CHECK(reply.recovered == 2);
    CHECK(reply.died == 0);
    JobRecord const record = status_of(rig, ref("j1"));
    CHECK_FALSE(is_terminal(record.state));
    CHECK(record.counters == Counters{1, 0, 1, 0});
    CHECK(record.reason == FailReason::worker_lost);
    CHECK_FALSE(record.token.has_value());

    CHECK(upkeep(rig).recovered == 0);  // idempotent
    rig.advance(1s);
    Worker next{rig};
    CHECK(next.claim(5).jobs.size() == 2);
}

COHORT_PROMISE("a job keeps its place when it loses its first worker", &C::status, &C::ordered) {
    push_jobs(rig, {"j1"});
    rig.advance(1s);
    push_jobs(rig, {"j2"});
    Worker dead{rig, {main_queue}, 30s};
    JobRecord const run = dead.take();
    REQUIRE(run.ref.id == "j1");
    rig.advance(31s);

    REQUIRE(upkeep(rig).recovered == 1);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::queued);
    CHECK(record.due == run.due);
    Worker next{rig};
    CHECK(next.take().ref.id == "j1");
}

COHORT_PROMISE("a lost job waits longer after each further loss", &C::status) {
    NewJob job = make_job("j1");
    job.policy.max_lost = 3;
    push(rig, std::move(job));
    std::vector<Duration> pauses;
    for (int i = 0; i < 3; ++i) {
        Worker worker{rig, {main_queue}, 30s};
        worker.take();
        rig.advance(31s);
        REQUIRE(upkeep(rig).recovered == 1);
        JobRecord const record = status_of(rig, ref("j1"));
        if (i > 0) CHECK(record.state == JobState::retrying);
        pauses.push_back(record.due - *record.started - 31s);
        rig.advance(2min);
    }
    CHECK(pauses[0] < pauses[1]);
    CHECK(pauses[1] < pauses[2]);
}

COHORT_PROMISE("a job that loses more than max_lost workers is dead", &C::status) {
    NewJob job = make_job("j1");
    job.policy.max_lost = 1;
    job.policy.max_retries = 10;
    push(rig, std::move(job));
    REQUIRE(lose_once(rig).recovered == 1);

    UpkeepReply const reply = lose_once(rig);

    CHECK(reply.died == 1);
    CHECK(reply.recovered == 0);
    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::failed);
    CHECK(record.reason == FailReason::worker_lost);
    CHECK(record.counters == Counters{2, 0, 2, 0});
    Worker next{rig};
    CHECK(next.take_ids(5).empty());
}

COHORT_PROMISE("a loss uses up no retry", &C::status) {
    NewJob job = make_job("j1");
    job.policy.max_retries = 1;
    push(rig, std::move(job));
    REQUIRE(lose_once(rig).recovered == 1);
    REQUIRE(lose_once(rig).recovered == 1);
    Worker worker{rig};

    REQUIRE(retry(rig, worker.take()) == Verdict::accepted);

    CHECK(status_of(rig, ref("j1")).counters == Counters{3, 1, 2, 0});
    CHECK(succeed(rig, worker.take()) == Verdict::accepted);
}

COHORT_PROMISE("a worker that upkeep retired is fenced, also while its job runs elsewhere", &C::fenced_settle,
               &C::status) {
    push_jobs(rig, {"j1"});
    Worker zombie{rig, {main_queue}, 30s};
    JobRecord const stale = zombie.take();
    rig.advance(31s);
    REQUIRE(upkeep(rig).recovered == 1);
    JobRecord const waiting = status_of(rig, ref("j1"));

    CHECK(succeed(rig, stale) == Verdict::fenced);
    CHECK(fail(rig, stale) == Verdict::fenced);
    CHECK(retry(rig, stale) == Verdict::fenced);
    CHECK(release(rig, stale) == Verdict::fenced);
    CHECK(status_of(rig, ref("j1")) == waiting);

    rig.advance(1s);
    Worker heir{rig};
    JobRecord const run = heir.take();
    CHECK(succeed(rig, stale, "\"zombie\"") == Verdict::fenced);
    CHECK(release(rig, stale) == Verdict::fenced);
    CHECK(settle(rig, report(stale, SettleKind::note)) == Verdict::fenced);
    CHECK(status_of(rig, ref("j1")) == run);

    CHECK(succeed(rig, run, "\"heir\"") == Verdict::accepted);
    CHECK(succeed(rig, stale, "\"zombie\"") == Verdict::fenced);
    CHECK(result_of(rig, ref("j1")).result == "\"heir\"");
}

COHORT_PROMISE("a worker that upkeep retired is told so by its next beat and claim") {
    push_jobs(rig, {"j1"});
    Worker worker{rig, {main_queue}, 30s};
    worker.take();
    rig.advance(31s);
    upkeep(rig);

    CHECK(worker.beat({{main_queue, 1}}).retired);
    CHECK(worker.claim(5).retired);
}

COHORT_PROMISE("an idle worker past its lease is retired too", &C::inspect) {
    Worker worker{rig, {main_queue}, 30s};
    rig.advance(31s);
    upkeep(rig);

    CHECK(worker.claim().retired);
    CHECK(rig.run(rig.inspector().workers()).empty());
}

COHORT_PROMISE("a lost job whose cancellation was requested is cancelled", &C::cancel, &C::status) {
    push_jobs(rig, {"j1"});
    Worker dead{rig, {main_queue}, 30s};
    dead.take();
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::requested);
    rig.advance(31s);

    UpkeepReply const reply = upkeep(rig);

    CHECK(reply.recovered == 0);
    CHECK(reply.died == 0);
    CHECK(status_of(rig, ref("j1")).state == JobState::cancelled);
}

COHORT_PROMISE("many lost jobs are moved in batches, and all are fenced from the first one on",
               &C::fenced_settle, &C::status) {
    push_jobs(rig, {"j1", "j2", "j3", "j4", "j5"});
    Worker dead{rig, {main_queue}, 30s};
    auto const runs = dead.claim(5).jobs;
    REQUIRE(runs.size() == 5);
    rig.advance(31s);

    UpkeepReply const first = upkeep(rig, 2);

    CHECK(first.recovered == 2);
    CHECK(first.more);
    for (JobRecord const& run : runs)
        CHECK(succeed(rig, run) == Verdict::fenced);
    std::uint32_t recovered = first.recovered;
    for (int i = 0; i < 5; ++i)
        recovered += upkeep(rig, 2).recovered;
    CHECK(recovered == 5);
    rig.advance(1s);
    Worker next{rig};
    CHECK(next.claim(10).jobs.size() == 5);
}

COHORT_PROMISE("only the dead worker's jobs are moved", &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker dead{rig, {main_queue}, 30s};
    Worker alive{rig, {main_queue}, 5min};
    JobRecord const lost = dead.take();
    JobRecord const kept = alive.take();
    rig.advance(31s);

    CHECK(upkeep(rig).recovered == 1);

    CHECK(status_of(rig, lost.ref).state == JobState::queued);
    CHECK(status_of(rig, kept.ref).state == JobState::running);
    CHECK(succeed(rig, kept) == Verdict::accepted);
}

COHORT_PROMISE("upkeep makes due jobs claimable", &C::delays, &C::status) {
    NewJob job = make_job("j1");
    job.delay = 10s;
    push(rig, std::move(job));
    CHECK(upkeep(rig).promoted == 0);
    rig.advance(11s);

    CHECK(upkeep(rig).promoted == 1);

    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
    CHECK(upkeep(rig).promoted == 0);
}

COHORT_PROMISE("upkeep expires what did not start in time", &C::expiry, &C::status) {
    NewJob job = make_job("j1");
    job.expires = 10s;
    push(rig, std::move(job));
    CHECK(upkeep(rig).expired == 0);
    rig.advance(11s);

    CHECK(upkeep(rig).expired == 1);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::expired);
    CHECK(record.finished.has_value());
    CHECK(upkeep(rig).expired == 0);
}

COHORT_PROMISE("upkeep expires a job that is not even due yet", &C::expiry, &C::delays, &C::status) {
    NewJob job = make_job("j1");
    job.delay = 1h;
    job.expires = 10s;
    push(rig, std::move(job));
    rig.advance(11s);

    CHECK(upkeep(rig).expired == 1);
    CHECK(status_of(rig, ref("j1")).state == JobState::expired);
}

COHORT_PROMISE("upkeep forgets each job when its own retention has ended", &C::status) {
    push_ended(rig);
    CHECK(upkeep(rig).forgotten == 0);

    rig.advance(11s);
    CHECK(upkeep(rig).forgotten == 1);
    CHECK_FALSE(exists(rig, ref("good")));
    CHECK_FALSE(result_of(rig, ref("good")).known);
    CHECK(exists(rig, ref("bad")));

    rig.advance(10s);
    CHECK(upkeep(rig).forgotten == 1);
    CHECK_FALSE(exists(rig, ref("bad")));
}

COHORT_PROMISE("a job whose retention has ended is unknown, whether upkeep has come by or not", &C::status,
               &C::cancel) {
    NewJob job = make_job("j1");
    job.policy.keep_result = 1h;
    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
    Worker worker{rig, {main_queue}, 24h};
    JobRecord const run = worker.take();
    REQUIRE(succeed(rig, run) == Verdict::accepted);
    rig.advance(59min);
    CHECK(exists(rig, ref("j1")));
    CHECK(result_of(rig, ref("j1")).result == "3");

    rig.advance(2min);

    CHECK_FALSE(exists(rig, ref("j1")));
    CHECK_FALSE(result_of(rig, ref("j1")).known);
    CHECK(cancel(rig, ref("j1")) == CancelVerdict::unknown);
    CHECK(succeed(rig, run) == Verdict::gone);
    NewJob other = make_job("j1");
    other.arguments = "[9]";
    CHECK(push(rig, std::move(other)).verdict == PushVerdict::stored);
    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
}

COHORT_PROMISE("a job whose retention has ended is in no count and on no page, though nobody has looked "
               "after the queue [K09]",
               &C::inspect, &C::status) {
    push_ended(rig);
    Inspector& inspector = rig.inspector();
    ListParams all;
    all.queue = main_queue;
    REQUIRE(info(rig).count(JobState::succeeded) == 1);
    REQUIRE(info(rig).count(JobState::failed) == 1);
    REQUIRE(rig.run(inspector.list(all)).jobs.size() == 2);

    rig.advance(11s);
    CHECK(info(rig).count(JobState::succeeded) == 0);
    CHECK(info(rig).count(JobState::failed) == 1);
    ListPage const page = rig.run(inspector.list(all));
    REQUIRE(page.jobs.size() == 1);
    CHECK(page.jobs.front().ref.id == "bad");

    rig.advance(10s);
    CHECK(info(rig).count(JobState::failed) == 0);
    CHECK(rig.run(inspector.list(all)).jobs.empty());
    CHECK(rig.run(inspector.audit()).empty());
}

COHORT_PROMISE("the id of a forgotten job is free again", &C::status) {
    NewJob job = make_job("j1");
    job.policy.keep_result = 10s;
    push(rig, std::move(job));
    Worker worker{rig};
    REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
    rig.advance(11s);
    REQUIRE(upkeep(rig).forgotten == 1);

    NewJob other = make_job("j1");
    other.arguments = "[7]";
    CHECK(push(rig, std::move(other)).verdict == PushVerdict::stored);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(record.state == JobState::queued);
    CHECK(record.counters == Counters{});
    CHECK(record.result.empty());
}

COHORT_PROMISE("upkeep is bounded, and says when there is more", &C::status) {
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i) {
        NewJob job = make_job("j" + std::to_string(i));
        job.policy.keep_result = 1s;
        push(rig, std::move(job));
    }
    Worker worker{rig};
    for (JobRecord const& run : worker.claim(5).jobs)
        REQUIRE(succeed(rig, run) == Verdict::accepted);
    rig.advance(2s);

    UpkeepReply const first = upkeep(rig, 2);
    CHECK(first.forgotten == 2);
    CHECK(first.more);
    CHECK(upkeep(rig, 2).forgotten == 2);
    UpkeepReply const last = upkeep(rig, 2);
    CHECK(last.forgotten == 1);
    CHECK_FALSE(last.more);
}

}  // namespace cohort::conformance
