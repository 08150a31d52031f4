// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

#include <algorithm>

namespace cohort::conformance {

using C = Capabilities;
using Ids = std::vector<std::string>;

namespace {

// One job in each state: its id is the state's name.
void one_of_each(Rig& rig) {
    NewJob scheduled = make_job("scheduled");
    scheduled.delay = 1h;
    NewJob expired = make_job("expired");
    expired.expires = 1s;
    push(rig, std::move(scheduled));
    push(rig, std::move(expired));
    rig.advance(2s);
    REQUIRE(upkeep(rig).expired == 1);

    Worker worker{rig, {main_queue}, 24h};
    push_jobs(rig, {"succeeded"});
    REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
    push_jobs(rig, {"failed"});
    REQUIRE(fail(rig, worker.take(), "out of paper") == Verdict::accepted);
    push_jobs(rig, {"cancelled"});
    REQUIRE(cancel(rig, ref("cancelled")) == CancelVerdict::cancelled);
    NewJob retrying = make_job("retrying");
    retrying.policy.max_retries = 1;
    push(rig, std::move(retrying));
    REQUIRE(retry(rig, worker.take(), 1h) == Verdict::accepted);
    push_jobs(rig, {"running"});
    worker.take();
    push_jobs(rig, {"queued"});
}

ListParams page_of(std::string queue = main_queue) {
    ListParams params;
    params.queue = std::move(queue);
    return params;
}

}  // namespace

COHORT_PROMISE("queues are shown with their jobs counted by state", &C::inspect, &C::delays, &C::expiry,
               &C::cancel) {
    one_of_each(rig);

    QueueInfo const queue = info(rig);

    for (JobState const state : all_states) {
        INFO(to_string(state));
        CHECK(queue.count(state) == 1);
    }
    CHECK_FALSE(queue.paused);
    CHECK(queue.options.max_length == 0);
}

COHORT_PROMISE("jobs are listed by state", &C::inspect, &C::delays, &C::expiry, &C::cancel) {
    one_of_each(rig);

    for (JobState const state : all_states) {
        ListParams params = page_of();
        params.state = state;
        CHECK(ids_of(rig.run(rig.inspector().list(params)).jobs) == Ids{std::string{to_string(state)}});
    }
}

COHORT_PROMISE("a queue that was never used is empty", &C::inspect) {
    ListPage const page = rig.run(rig.inspector().list(page_of("nowhere")));
    CHECK(page.jobs.empty());
    CHECK(page.next.empty());
    CHECK(rig.run(rig.inspector().purge("nowhere", {JobState::queued})) == 0);
}

COHORT_PROMISE("the oldest queued job tells how far a queue is behind", &C::inspect, &C::priorities) {
    CHECK_FALSE(info(rig).oldest.has_value());
    push_jobs(rig, {"old"});
    rig.advance(10s);
    NewJob high = make_job("high");
    high.priority = 5;
    push(rig, std::move(high));
    rig.advance(1s);

    std::optional<Duration> const oldest = info(rig).oldest;

    REQUIRE(oldest.has_value());
    CHECK(*oldest >= 11s);
    CHECK(*oldest < 20s);
    Worker worker{rig};
    worker.claim(2);
    CHECK_FALSE(info(rig).oldest.has_value());
}

COHORT_PROMISE("jobs are listed in the order in which they were stored, page by page", &C::inspect,
               &C::priorities) {
    Ids ids;
    for (int i = 0; i < 7; ++i) {
        NewJob job = make_job("j" + std::to_string(i));
        job.priority = i % 3;
        ids.push_back(job.ref.id);
        push(rig, std::move(job));
    }
    Worker worker{rig};
    worker.claim(2);

    Ids listed;
    int pages = 0;
    ListParams params = page_of();
    params.limit = 3;
    do {
        ListPage const page = rig.run(rig.inspector().list(params));
        CHECK(page.jobs.size() <= 3);
        for (std::string const& id : ids_of(page.jobs))
            listed.push_back(id);
        params.after = page.next;
        REQUIRE(++pages < 10);
    } while (!params.after.empty());

    CHECK(listed == ids);
}

COHORT_PROMISE("jobs are found by a part of their id, name, arguments, error or unique key", &C::inspect,
               &C::unique) {
    NewJob job = make_job("needle-1");
    push(rig, std::move(job));
    job = make_job("b");
    job.name = "shop.needle";
    push(rig, std::move(job));
    job = make_job("c");
    job.arguments = R"(["a needle"])";
    push(rig, std::move(job));
    job = make_job("d");
    job.unique = "needle%_";
    push(rig, std::move(job));
    job = make_job("e", "main");
    job.priority = 0;
    push(rig, std::move(job));
    Worker worker{rig};
    for (JobRecord const& run : worker.claim(5).jobs) {
        if (run.ref.id == "e") REQUIRE(fail(rig, run, "where is the needle?") == Verdict::accepted);
    }
    push_jobs(rig, {"hay"});

    auto const find = [&](std::string text) {
        ListParams params = page_of();
        params.contains = std::move(text);
        Ids ids = ids_of(rig.run(rig.inspector().list(params)).jobs);
        std::sort(ids.begin(), ids.end());
        return ids;
    };
    CHECK(find("needle") == Ids{"b", "c", "d", "e", "needle-1"});
    CHECK(find("needle%_") == Ids{"d"});  // no wildcards
    CHECK(find("%") == Ids{"d"});
    CHECK(find("nothing of the kind").empty());
}

COHORT_PROMISE("a page without a queue, with a bad limit or a bad cursor throws", &C::inspect) {
    ListParams unnamed = page_of("");
    ListParams none = page_of();
    none.limit = 0;
    ListParams many = page_of();
    many.limit = 1001;
    ListParams lost = page_of();
    lost.after = "not a cursor";
    CHECK(code_of(rig, rig.inspector().list(unnamed)) == errc::invalid_queue_name);
    for (ListParams const& params : {none, many, lost})
        CHECK_THROWS_AS(rig.run(rig.inspector().list(params)), Error);
}

COHORT_PROMISE("a job is found without its queue", &C::inspect, &C::lookup_by_id) {
    push_jobs(rig, {"j1"}, "left");
    push_jobs(rig, {"j2"}, "right");

    auto const found = rig.run(rig.inspector().find_by_id("j2"));

    REQUIRE(found.has_value());
    CHECK(found->ref == ref("j2", "right"));
    CHECK_FALSE(rig.run(rig.inspector().find_by_id("nobody")).has_value());
}

COHORT_PROMISE("purge removes jobs of the states named, never running ones", &C::inspect, &C::delays,
               &C::expiry, &C::cancel) {
    one_of_each(rig);

    CHECK(rig.run(rig.inspector().purge(main_queue,
                                        {JobState::queued, JobState::failed, JobState::running})) == 2);
    CHECK_FALSE(exists(rig, ref("queued")));
    CHECK_FALSE(exists(rig, ref("failed")));
    CHECK(exists(rig, ref("running")));
    CHECK(exists(rig, ref("scheduled")));

    std::vector<JobState> const every(std::begin(all_states), std::end(all_states));
    CHECK(rig.run(rig.inspector().purge(main_queue, every)) == 5);
    CHECK(ids_of(list_all(rig)) == Ids{"running"});
}

COHORT_PROMISE("requeue sends failed, cancelled and expired jobs back with their counters at zero",
               &C::inspect, &C::delays, &C::expiry, &C::cancel, &C::status) {
    one_of_each(rig);

    for (JobState const state : all_states) {
        std::string const id{to_string(state)};
        bool const can =
            state == JobState::failed || state == JobState::cancelled || state == JobState::expired;
        JobRecord const before = status_of(rig, ref(id));

        CHECK(rig.run(rig.inspector().requeue({ref(id)})) == std::vector{can});

        JobRecord const record = status_of(rig, ref(id));
        if (!can) {
            CHECK(record == before);
            continue;
        }
        INFO(id);
        CHECK(record.state == JobState::queued);
        CHECK(record.generation == 1);
        CHECK(record.counters == Counters{});
        CHECK(record.expires == never);
        CHECK(record.reason == FailReason::none);
        CHECK(record.error.empty());
        CHECK_FALSE(record.finished.has_value());
        CHECK_FALSE(record.token.has_value());
        CHECK(record.created == before.created);
    }
    Worker worker{rig};
    CHECK(worker.claim(10).jobs.size() == 4);  // the three, and the one that was queued anyway
}

COHORT_PROMISE("requeue of unknown jobs says no, in the order asked", &C::inspect, &C::cancel) {
    push_jobs(rig, {"j1"});
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::cancelled);

    auto const done =
        rig.run(rig.inspector().requeue({ref("nobody"), ref("j1"), ref("j1"), ref("j1", "nowhere")}));

    CHECK(done == std::vector{false, true, false, false});
}

COHORT_PROMISE("a job that died of lost workers has all its lives again after a requeue", &C::inspect,
               &C::status) {
    NewJob job = make_job("j1");
    job.policy.max_lost = 0;
    push(rig, std::move(job));
    for (std::uint32_t generation = 0; generation < 2; ++generation) {
        Worker worker{rig, {main_queue}, 30s};
        JobRecord const run = worker.take();
        CHECK(run.generation == generation);
        CHECK(run.counters == Counters{1, 0, 0, 0});
        rig.advance(31s);
        REQUIRE(upkeep(rig).died == 1);
        REQUIRE(rig.run(rig.inspector().requeue({ref("j1")})) == std::vector{true});
    }
}

COHORT_PROMISE("the report of a run from before a requeue is fenced", &C::inspect, &C::status,
               &C::fenced_settle) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    REQUIRE(fail(rig, run) == Verdict::accepted);
    REQUIRE(rig.run(rig.inspector().requeue({ref("j1")})) == std::vector{true});

    CHECK(fail(rig, run) == Verdict::fenced);
    CHECK(succeed(rig, run) == Verdict::fenced);

    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
}

COHORT_PROMISE("the options of a queue are kept and can be changed", &C::inspect, &C::max_length) {
    QueueOptions options;
    options.max_length = 1;
    rig.run(rig.inspector().configure(main_queue, options));
    CHECK(info(rig).options.max_length == 1);
    push_jobs(rig, {"j1"});
    CHECK(push(rig, make_job("j2")).code == errc::queue_full);

    rig.run(rig.inspector().configure(main_queue, QueueOptions{}));

    CHECK(push(rig, make_job("j2")).verdict == PushVerdict::stored);
}

COHORT_PROMISE("the verbs about a queue without a name throw", &C::inspect) {
    Inspector& inspector = rig.inspector();
    CHECK(code_of(rig, inspector.pause("")) == errc::invalid_queue_name);
    CHECK(code_of(rig, inspector.resume("")) == errc::invalid_queue_name);
    CHECK(code_of(rig, inspector.configure("", QueueOptions{})) == errc::invalid_queue_name);
    CHECK(code_of(rig, inspector.purge("", {JobState::queued})) == errc::invalid_queue_name);
}

COHORT_PROMISE("the audit of a store in use finds nothing", &C::inspect, &C::delays, &C::expiry, &C::cancel) {
    one_of_each(rig);
    CHECK(rig.run(rig.inspector().audit()).empty());
}

}  // namespace cohort::conformance
