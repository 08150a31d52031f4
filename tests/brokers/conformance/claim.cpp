// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;
using Ids = std::vector<std::string>;

COHORT_PROMISE("a claimed job runs under the token of its claim", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};

    JobRecord const run = worker.take();

    CHECK(run.ref == ref("j1"));
    CHECK(run.state == JobState::running);
    CHECK(run.counters.attempt == 1);
    CHECK(run.started.has_value());
    CHECK(run.token == Token{worker.incarnation, 1});
    CHECK(run.arguments == "[1,2]");
    CHECK(run.client == "c1");
    CHECK(status_of(rig, ref("j1")) == run);
}

COHORT_PROMISE("a job is given to one worker only") {
    push_jobs(rig, {"j1"});
    Worker first{rig};
    Worker second{rig};
    first.take();

    CHECK(second.take_ids(5).empty());
    CHECK(first.take_ids(5).empty());
}

COHORT_PROMISE("a claim takes at most as many jobs as its limit") {
    push_jobs(rig, {"j1", "j2", "j3"});
    Worker worker{rig};

    CHECK(worker.take_ids(2).size() == 2);
    CHECK(worker.take_ids(2).size() == 1);
    CHECK(worker.take_ids(2).empty());
}

COHORT_PROMISE("the limit of a claim holds over all its queues") {
    push_jobs(rig, {"j1", "j2"}, "left");
    push_jobs(rig, {"j3", "j4"}, "right");
    Worker worker{rig, {"left", "right"}};

    CHECK(worker.take_ids(3).size() == 3);
    CHECK(worker.take_ids(3).size() == 1);
}

COHORT_PROMISE("queues are emptied in the order in which a claim names them", &C::ordered) {
    push_jobs(rig, {"r1", "r2"}, "right");
    push_jobs(rig, {"l1", "l2"}, "left");
    Worker worker{rig, {"left", "right"}};

    CHECK(worker.take_ids(3) == Ids{"l1", "l2", "r1"});
}

COHORT_PROMISE("a claim on an empty queue is answered at once with nothing") {
    Worker worker{rig};

    ClaimReply const reply = worker.claim(5);

    CHECK(reply.jobs.empty());
    CHECK_FALSE(reply.retired);
    CHECK_FALSE(reply.next_due.has_value());
}

COHORT_PROMISE("an unknown incarnation is told that it is retired, and gets nothing", &C::status) {
    push_jobs(rig, {"j1"});
    ClaimParams params;
    params.incarnation = std::string(32, '0');
    params.queues = {main_queue};

    ClaimReply const reply = rig.run(rig.broker().claim(params));

    CHECK(reply.retired);
    CHECK(reply.jobs.empty());
    CHECK(status_of(rig, ref("j1")).state == JobState::queued);
}

COHORT_PROMISE("a claim without a limit, a queue or a number, or on a queue not enlisted, throws") {
    Worker worker{rig};
    push_jobs(rig, {"j1"}, "other");
    ClaimParams no_limit = worker.next(0);
    ClaimParams no_queue = worker.next();
    no_queue.queues.clear();
    ClaimParams empty_name = worker.next();
    empty_name.queues = {""};
    ClaimParams no_number = worker.next();
    no_number.number = 0;
    ClaimParams foreign = worker.next();
    foreign.queues = {"other"};

    for (ClaimParams const& params : {no_limit, no_queue, empty_name, no_number, foreign}) {
        CHECK_THROWS_AS(rig.run(rig.broker().claim(params)), Error);
    }
    CHECK(code_of(rig, rig.broker().claim(empty_name)) == errc::invalid_queue_name);
    CHECK(worker.take_ids(5).empty());
}

COHORT_PROMISE("a repeated claim gives the same jobs and no others", &C::status) {
    push_jobs(rig, {"j1", "j2", "j3"});
    Worker worker{rig};
    ClaimParams const params = worker.next(2);
    auto const first = rig.run(rig.broker().claim(params));
    REQUIRE(first.jobs.size() == 2);

    auto const again = rig.run(rig.broker().claim(params));

    CHECK(again.jobs == first.jobs);
    CHECK(status_of(rig, ref("j1")).counters.attempt == 1);
}

COHORT_PROMISE("a repeated claim gives only those of its jobs that still run") {
    push_jobs(rig, {"j1", "j2", "j3", "j4"});
    Worker worker{rig};
    ClaimParams const params = worker.next(3);
    auto const first = rig.run(rig.broker().claim(params));
    REQUIRE(first.jobs.size() == 3);
    REQUIRE(succeed(rig, first.jobs[0]) == Verdict::accepted);
    REQUIRE(release(rig, first.jobs[1]) == Verdict::accepted);

    auto const again = rig.run(rig.broker().claim(params));

    CHECK(ids_of(again.jobs) == Ids{first.jobs[2].ref.id});
}

COHORT_PROMISE("a repeated claim whose jobs have all ended gives nothing, and does not wait") {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    ClaimParams params = worker.next(1, 10s);
    auto const first = rig.run(rig.broker().claim(params));
    REQUIRE(first.jobs.size() == 1);
    REQUIRE(succeed(rig, first.jobs.front()) == Verdict::accepted);

    auto again = rig.start(rig.broker().claim(params));
    ClaimReply const reply = rig.finish(again);

    CHECK(reply.jobs.empty());
    CHECK(worker.take_ids(5).size() == 1);
}

COHORT_PROMISE("a repeated claim that was given nothing may be given jobs") {
    Worker worker{rig};
    ClaimParams const params = worker.next(2);
    REQUIRE(rig.run(rig.broker().claim(params)).jobs.empty());
    push_jobs(rig, {"j1"});

    auto const again = rig.run(rig.broker().claim(params));

    CHECK(ids_of(again.jobs) == Ids{"j1"});
}

COHORT_PROMISE("a repeated claim over two queues takes from the one that gave none") {
    push_jobs(rig, {"l1", "l2"}, "left");
    Worker worker{rig, {"left", "right"}};
    ClaimParams const params = worker.next(2);
    auto const first = rig.run(rig.broker().claim(params));
    REQUIRE(first.jobs.size() == 2);
    REQUIRE(succeed(rig, first.jobs[0]) == Verdict::accepted);
    push_jobs(rig, {"l3"}, "left");
    push_jobs(rig, {"r1", "r2"}, "right");

    auto const again = rig.run(rig.broker().claim(params));

    REQUIRE(again.jobs.size() == 2);
    CHECK(again.jobs[0].ref.id == first.jobs[1].ref.id);
    CHECK(again.jobs[1].ref.queue == "right");
}

COHORT_PROMISE("a claim that comes after its successor is given nothing new") {
    Worker worker{rig};
    ClaimParams const late = worker.next(1);
    ClaimParams const successor = worker.next(1);
    push_jobs(rig, {"j1", "j2"});
    REQUIRE(rig.run(rig.broker().claim(successor)).jobs.size() == 1);

    CHECK(rig.run(rig.broker().claim(late)).jobs.empty());
    CHECK(worker.take_ids(5).size() == 1);
}

COHORT_PROMISE("claim numbers belong to an incarnation") {
    push_jobs(rig, {"j1", "j2"});
    Worker first{rig};
    Worker second{rig};

    JobRecord const one = first.take();
    JobRecord const two = second.take();

    CHECK(one.token->claim == two.token->claim);
    CHECK(one.ref.id != two.ref.id);
}

COHORT_PROMISE("each run has a token of its own") {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const first = worker.take();
    REQUIRE(release(rig, first) == Verdict::accepted);

    JobRecord const second = worker.take();

    CHECK(second.ref == first.ref);
    CHECK(second.token != first.token);
}

COHORT_PROMISE("jobs of equal priority are given in the order in which they were stored", &C::ordered) {
    Ids const ids{"e", "b", "d", "a", "c"};
    for (std::string const& id : ids) {
        push_jobs(rig, {id});
        rig.advance(1ms);
    }
    Worker worker{rig};
    Ids given;
    for (std::size_t i = 0; i < ids.size(); ++i)
        given.push_back(worker.take().ref.id);
    CHECK(given == ids);
}

COHORT_PROMISE("one batch keeps its order", &C::ordered) {
    Ids const ids{"e", "b", "d", "a", "c"};
    push_jobs(rig, ids);
    Worker worker{rig};
    CHECK(worker.take_ids(10) == ids);
}

COHORT_PROMISE("a paused queue gives no jobs, and takes them", &C::inspect) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    rig.run(rig.inspector().pause(main_queue));

    CHECK(worker.take_ids(5).empty());
    push_jobs(rig, {"j2"});
    CHECK(info(rig).paused);
    CHECK(info(rig).count(JobState::queued) == 2);

    rig.run(rig.inspector().resume(main_queue));
    CHECK(worker.take_ids(5).size() == 2);
    CHECK_FALSE(info(rig).paused);
}

COHORT_PROMISE("what runs when its queue is paused goes on and can be settled", &C::inspect) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    rig.run(rig.inspector().pause(main_queue));

    CHECK_FALSE(worker.beat({{main_queue, 1}}).retired);
    CHECK(succeed(rig, run) == Verdict::accepted);
}

COHORT_PROMISE("a paused queue does not hold up the others of a claim", &C::inspect) {
    push_jobs(rig, {"l1"}, "left");
    push_jobs(rig, {"r1"}, "right");
    rig.run(rig.inspector().pause("left"));
    Worker worker{rig, {"left", "right"}};

    CHECK(worker.take_ids(5) == Ids{"r1"});
}

}  // namespace cohort::conformance
