// SPDX-License-Identifier: MIT
// Claims that wait for work.
#include "brokers/conformance/suite.hpp"

#include <algorithm>

namespace cohort::conformance {

using C = Capabilities;
using Ids = std::vector<std::string>;

COHORT_PROMISE("a claim with nothing to do ends after its wait, with nothing") {
    Worker worker{rig};

    ClaimReply const reply = worker.claim(1, 100ms);

    CHECK(reply.jobs.empty());
    CHECK_FALSE(reply.retired);
}

COHORT_PROMISE("a claim that waits is woken by a push") {
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));
    CHECK_FALSE(waiting.is_done());

    push_jobs(rig, {"j1"});

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is woken by a push through another Broker object") {
    auto const other = rig.open();
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));

    std::vector<NewJob> jobs;
    jobs.push_back(make_job("j1"));
    rig.run(other->push(std::move(jobs)));

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits on several queues is woken by each of them") {
    for (char const* queue : {"left", "right"}) {
        Worker worker{rig, {"left", "right"}};
        auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));

        push_jobs(rig, {"j1"}, queue);

        auto const jobs = rig.finish(waiting).jobs;
        REQUIRE(jobs.size() == 1);
        CHECK(jobs.front().ref.queue == queue);
    }
}

COHORT_PROMISE("a claim that waits is woken by a release") {
    push_jobs(rig, {"j1"});
    Worker first{rig};
    JobRecord const run = first.take();
    Worker second{rig};
    auto waiting = rig.start(rig.broker().claim(second.next(5, 1h)));

    REQUIRE(release(rig, run) == Verdict::accepted);

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is woken when another worker retires") {
    push_jobs(rig, {"j1"});
    Worker first{rig};
    first.take();
    Worker second{rig};
    auto waiting = rig.start(rig.broker().claim(second.next(5, 1h)));

    first.retire();

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is woken when upkeep recovers a job") {
    push_jobs(rig, {"j1"});
    Worker dead{rig, {main_queue}, 30s};
    dead.take();
    Worker second{rig, {main_queue}, 24h};
    auto waiting = rig.start(rig.broker().claim(second.next(5, 1h)));
    rig.advance(31s);

    REQUIRE(upkeep(rig).recovered == 1);

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is woken when its queue is resumed", &C::inspect) {
    rig.run(rig.inspector().pause(main_queue));
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));
    rig.poll();
    CHECK_FALSE(waiting.is_done());

    rig.run(rig.inspector().resume(main_queue));

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is woken by a requeue", &C::inspect, &C::cancel) {
    push_jobs(rig, {"j1"});
    REQUIRE(cancel(rig, ref("j1")) == CancelVerdict::cancelled);
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));

    REQUIRE(rig.run(rig.inspector().requeue({ref("j1")})) == std::vector{true});

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is given a job when it falls due", &C::delays) {
    NewJob job = make_job("j1");
    job.delay = 5s;
    push(rig, std::move(job));
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));
    CHECK_FALSE(waiting.is_done());

    rig.advance(5s);

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"j1"});
}

COHORT_PROMISE("a claim that waits is given a delayed job that is pushed meanwhile, when it falls due",
               &C::delays) {
    NewJob late = make_job("late");
    late.delay = 1h;
    push(rig, std::move(late));
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 2h)));
    NewJob early = make_job("early");
    early.delay = 5s;
    push(rig, std::move(early));
    CHECK_FALSE(waiting.is_done());

    rig.advance(5s);

    CHECK(ids_of(rig.finish(waiting).jobs) == Ids{"early"});
}

COHORT_PROMISE("an empty claim says when the next job falls due", &C::delays, &C::status) {
    for (int const seconds : {30, 10, 20}) {
        NewJob job = make_job("j" + std::to_string(seconds));
        job.delay = std::chrono::seconds{seconds};
        push(rig, std::move(job));
    }
    Worker worker{rig};

    ClaimReply const reply = worker.claim();

    CHECK(reply.jobs.empty());
    REQUIRE(reply.next_due.has_value());
    CHECK(*reply.next_due <= 10s);
    CHECK(*reply.next_due > 5s);
    if (rig.is_exact()) CHECK(*reply.next_due == 10s);
}

COHORT_PROMISE("one push wakes one of many waiting claims", &C::pushed_wakeups) {
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<Pending<ClaimReply>> waiting;
    for (int i = 0; i < 5; ++i) {
        workers.push_back(std::make_unique<Worker>(rig));
        waiting.push_back(rig.start(rig.broker().claim(workers.back()->next(5, 1h))));
    }
    std::size_t done = 0;
    auto const count = [&] {
        done = 0;
        for (auto const& claim : waiting)
            done += claim.is_done() ? 1 : 0;
        return done;
    };

    push_jobs(rig, {"j1"});
    rig.drive_until([&] { return count() >= 1; });
    rig.poll();
    CHECK(count() == 1);

    push_jobs(rig, {"j2", "j3"});
    rig.drive_until([&] { return count() >= 3 || done >= 2; });
    rig.poll();
    // One woken claim may take both jobs of the batch.
    CHECK(count() >= 2);
    CHECK(count() <= 3);
}

COHORT_PROMISE("no job lies idle beside a waiting claim", &C::pushed_wakeups) {
    // Three claims for one job each, woken by three jobs that come at once.
    std::vector<std::unique_ptr<Worker>> workers;
    std::vector<Pending<ClaimReply>> waiting;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<Worker>(rig, Ids{"left", "right"}));
        waiting.push_back(rig.start(rig.broker().claim(workers.back()->next(1, 1h))));
    }

    push_jobs(rig, {"j1", "j2"}, "right");
    push_jobs(rig, {"j3"}, "left");

    Ids given;
    for (auto& claim : waiting) {
        for (std::string const& id : ids_of(rig.finish(claim).jobs))
            given.push_back(id);
    }
    std::sort(given.begin(), given.end());
    CHECK(given == Ids{"j1", "j2", "j3"});
}

COHORT_PROMISE("a job whose wake-up went to a claim that was cancelled wakes another one",
               &C::pushed_wakeups) {
    Worker first{rig};
    Worker second{rig};
    auto one = rig.start(rig.broker().claim(first.next(1, 1h)));
    auto two = rig.start(rig.broker().claim(second.next(1, 1h)));

    // The cancellation comes before the push, and is carried out after it.
    rig.cancel(one);
    std::vector<NewJob> jobs;
    jobs.push_back(make_job("j1"));
    auto pushing = rig.start(rig.broker().push(std::move(jobs)));
    rig.finish(pushing);

    rig.drive_until([&] { return two.is_done() || (one.is_done() && !one.state->error); });
    std::size_t given = 0;
    if (two.is_done()) given += rig.finish(two).jobs.size();
    if (one.is_done() && !one.state->error) given += rig.finish(one).jobs.size();
    CHECK(given == 1);
}

COHORT_PROMISE("a cancelled claim ends with operation_aborted and takes nothing", &C::status) {
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));

    rig.cancel(waiting);

    CHECK(is_aborted(rig, waiting));
    push_jobs(rig, {"j1"});
    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
    CHECK(worker.take().ref.id == "j1");
}

COHORT_PROMISE("a claim that waits is told when its worker is retired") {
    Worker worker{rig};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));

    worker.retire();

    CHECK(rig.finish(waiting).retired);
}

COHORT_PROMISE("a claim that waits is told when upkeep retires its worker") {
    Worker worker{rig, {main_queue}, 30s};
    auto waiting = rig.start(rig.broker().claim(worker.next(5, 1h)));
    rig.advance(31s);

    upkeep(rig);

    CHECK(rig.finish(waiting).retired);
}

}  // namespace cohort::conformance
