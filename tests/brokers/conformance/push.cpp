// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("a new job is stored whole", &C::status) {
    NewJob job = make_job("j1");
    job.name = "shop.price";
    job.arguments = R"({"sku":"ä\u0000\"","n":[1,null]})";
    job.version = 3;
    job.policy.max_retries = 4;
    job.policy.max_lost = 2;
    job.policy.timeout = 1500ms;
    job.policy.backoff = Backoff{2s, 3.5, 1min, false};
    job.policy.keep_result = 2h;
    job.policy.keep_error = 3h;
    JobSpec const spec = job;

    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);

    JobRecord const record = status_of(rig, ref("j1"));
    CHECK(static_cast<JobSpec const&>(record) == spec);
    CHECK(record.state == JobState::queued);
    CHECK(record.generation == 0);
    CHECK(record.counters == Counters{});
    CHECK_FALSE(record.cancel_requested);
    CHECK(record.due == record.created);
    CHECK(record.expires == never);
    CHECK_FALSE(record.started.has_value());
    CHECK_FALSE(record.finished.has_value());
    CHECK_FALSE(record.token.has_value());
    CHECK(record.result.empty());
}

COHORT_PROMISE("a batch is answered job by job, in its order", &C::status) {
    push_jobs(rig, {"b"});
    NewJob other = make_job("b");
    other.arguments = "[9]";
    std::vector<NewJob> jobs;
    jobs.push_back(make_job("a"));
    jobs.push_back(std::move(other));
    jobs.push_back(make_job("c"));

    auto const results = rig.run(rig.broker().push(std::move(jobs)));

    REQUIRE(results.size() == 3);
    CHECK(results[0].verdict == PushVerdict::stored);
    CHECK(results[1].verdict == PushVerdict::refused);
    CHECK(results[2].verdict == PushVerdict::stored);
}

COHORT_PROMISE("an empty batch is answered with nothing") {
    CHECK(rig.run(rig.broker().push({})).empty());
}

COHORT_PROMISE("one batch may go to several queues", &C::status) {
    std::vector<NewJob> jobs;
    jobs.push_back(make_job("same", "left"));
    jobs.push_back(make_job("same", "right"));

    auto const results = rig.run(rig.broker().push(std::move(jobs)));

    REQUIRE(results.size() == 2);
    CHECK(results[0].verdict == PushVerdict::stored);
    CHECK(results[1].verdict == PushVerdict::stored);
    CHECK(status_of(rig, ref("same", "left")).state == JobState::queued);
    CHECK(status_of(rig, ref("same", "right")).state == JobState::queued);
}

COHORT_PROMISE("the same job pushed again is stored once", &C::status, &C::stored_once) {
    push_jobs(rig, {"j1"});
    JobRecord const before = status_of(rig, ref("j1"));

    PushResult const again = push(rig, make_job("j1"));

    CHECK(again.is_repeat);
    CHECK(again.verdict == PushVerdict::stored);
    CHECK(status_of(rig, ref("j1")) == before);
    Worker worker{rig};
    CHECK(worker.take_ids(5) == std::vector<std::string>{"j1"});
}

COHORT_PROMISE("the same job twice in one batch is stored once") {
    std::vector<NewJob> jobs;
    jobs.push_back(make_job("j1"));
    jobs.push_back(make_job("j1"));

    auto const results = rig.run(rig.broker().push(std::move(jobs)));

    CHECK(results[0].verdict == PushVerdict::stored);
    CHECK(results[1].verdict == PushVerdict::stored);
    Worker worker{rig};
    CHECK(worker.take_ids(5) == std::vector<std::string>{"j1"});
}

COHORT_PROMISE("another job of the same id is refused and changes nothing", &C::status) {
    push_jobs(rig, {"j1"});
    JobRecord const before = status_of(rig, ref("j1"));
    NewJob other_arguments = make_job("j1");
    other_arguments.arguments = "[2,1]";
    NewJob other_name = make_job("j1");
    other_name.name = "shop.subtract";

    PushResult const first = push(rig, std::move(other_arguments));
    PushResult const second = push(rig, std::move(other_name));

    CHECK(first.verdict == PushVerdict::refused);
    CHECK(first.code == errc::duplicate_job_id);
    CHECK_FALSE(first.detail.empty());
    CHECK(second.verdict == PushVerdict::refused);
    CHECK(second.code == errc::duplicate_job_id);
    CHECK(status_of(rig, ref("j1")) == before);
}

COHORT_PROMISE("a repeated push does not bring a running or an ended job back", &C::status, &C::stored_once) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    CHECK(push(rig, make_job("j1")).is_repeat);
    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    REQUIRE(succeed(rig, run) == Verdict::accepted);

    CHECK(push(rig, make_job("j1")).is_repeat);

    CHECK(status_of(rig, ref("j1")).state == JobState::succeeded);
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("an invalid queue name or id throws and stores nothing of the batch") {
    for (bool const is_queue : {true, false}) {
        std::vector<NewJob> jobs;
        jobs.push_back(make_job("good"));
        jobs.push_back(make_job("bad"));
        if (is_queue) {
            jobs.back().ref.queue.clear();
        } else {
            jobs.back().ref.id.clear();
        }
        errc const code = code_of(rig, rig.broker().push(std::move(jobs)));
        CHECK(code == (is_queue ? errc::invalid_queue_name : errc::invalid_job_id));
    }
    Worker worker{rig};
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("large arguments come back as they went", &C::status) {
    NewJob job = make_job("big");
    job.arguments = "[\"" + std::string(1'000'000, 'x') + "\"]";
    std::string const arguments = job.arguments;

    REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);

    Worker worker{rig};
    CHECK(worker.take().arguments == arguments);
}

COHORT_PROMISE("a full queue refuses new jobs, and takes them when there is room", &C::max_length,
               &C::inspect) {
    QueueOptions options;
    options.max_length = 2;
    rig.run(rig.inspector().configure(main_queue, options));
    push_jobs(rig, {"j1", "j2"});

    PushResult const refused = push(rig, make_job("j3"));

    CHECK(refused.verdict == PushVerdict::refused);
    CHECK(refused.code == errc::queue_full);
    CHECK_FALSE(refused.detail.empty());
    CHECK_FALSE(exists(rig, ref("j3")));
    CHECK(push(rig, make_job("j1")).verdict == PushVerdict::stored);  // it is there already

    Worker worker{rig};
    worker.take();
    CHECK(push(rig, make_job("j3")).verdict == PushVerdict::stored);
    CHECK(push(rig, make_job("j4")).code == errc::queue_full);
    CHECK(info(rig).options.max_length == 2);
}

COHORT_PROMISE("a batch fills a bounded queue exactly", &C::max_length, &C::inspect) {
    QueueOptions options;
    options.max_length = 2;
    rig.run(rig.inspector().configure(main_queue, options));
    std::vector<NewJob> jobs;
    for (char const* id : {"j1", "j2", "j3"})
        jobs.push_back(make_job(id));

    auto const results = rig.run(rig.broker().push(std::move(jobs)));

    CHECK(results[0].verdict == PushVerdict::stored);
    CHECK(results[1].verdict == PushVerdict::stored);
    CHECK(results[2].code == errc::queue_full);
}

COHORT_PROMISE("scheduled jobs count towards the length of a queue", &C::max_length, &C::inspect,
               &C::delays) {
    QueueOptions options;
    options.max_length = 1;
    rig.run(rig.inspector().configure(main_queue, options));
    NewJob later = make_job("later");
    later.delay = 1h;
    REQUIRE(push(rig, std::move(later)).verdict == PushVerdict::stored);

    CHECK(push(rig, make_job("now")).code == errc::queue_full);
}

COHORT_PROMISE("a retry or a release is never refused by a full queue", &C::max_length, &C::inspect,
               &C::status) {
    QueueOptions options;
    options.max_length = 1;
    rig.run(rig.inspector().configure(main_queue, options));
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    push_jobs(rig, {"j2"});

    CHECK(release(rig, run) == Verdict::accepted);

    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
    CHECK(push(rig, make_job("j3")).code == errc::queue_full);
}

COHORT_PROMISE("what a broker cannot do is refused, not ignored") {
    Capabilities const& can = rig.broker().capabilities();
    std::vector<NewJob> wants;
    if (!can.unique) wants.push_back(make_job("unique")), wants.back().unique = "key";
    if (!can.priorities) wants.push_back(make_job("priority")), wants.back().priority = 1;
    if (!can.delays) wants.push_back(make_job("delay")), wants.back().delay = 1h;
    if (!can.expiry) wants.push_back(make_job("expiry")), wants.back().expires = 1h;
    for (NewJob& job : wants) {
        INFO(job.ref.id);
        std::vector<NewJob> jobs;
        jobs.push_back(std::move(job));
        CHECK(code_of(rig, rig.broker().push(std::move(jobs))) == errc::not_supported);
    }
    if (!can.cancel) CHECK(code_of(rig, rig.broker().cancel({ref("j1")})) == errc::not_supported);
    if (!can.status) CHECK(code_of(rig, rig.broker().status({ref("j1")})) == errc::not_supported);
    if (!can.status) CHECK(code_of(rig, rig.broker().results({ref("j1")})) == errc::not_supported);
    CHECK(can.inspect == (rig.broker().inspector() != nullptr));
    if (can.inspect && !can.max_length) {
        QueueOptions options;
        options.max_length = 1;
        CHECK(code_of(rig, rig.inspector().configure(main_queue, options)) == errc::not_supported);
    }
    if (can.inspect && !can.lookup_by_id) {
        CHECK(code_of(rig, rig.inspector().find_by_id("j1")) == errc::not_supported);
    }
}

}  // namespace cohort::conformance
