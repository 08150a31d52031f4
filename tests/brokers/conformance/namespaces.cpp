// SPDX-License-Identifier: MIT
// Two applications on one store.
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("two namespaces share no job", &C::status) {
    auto const other = rig.open("other");
    push_jobs(rig, {"j1"});

    CHECK_FALSE(rig.run(other->status({ref("j1")})).at(0).has_value());
    std::vector<NewJob> jobs;
    jobs.push_back(make_job("j1"));
    jobs.front().arguments = "[5]";
    CHECK(rig.run(other->push(std::move(jobs))).at(0).verdict == PushVerdict::stored);

    CHECK(status_of(rig, ref("j1")).arguments == "[1,2]");
    CHECK(rig.run(other->status({ref("j1")})).at(0)->arguments == "[5]");
}

COHORT_PROMISE("two namespaces share no worker") {
    auto const other = rig.open("other");
    Worker worker{rig};

    Beat beat;
    beat.incarnation = worker.incarnation;
    CHECK(rig.run(other->renew(beat)).retired);
    CHECK(rig.run(other->claim(worker.next())).retired);
}

COHORT_PROMISE("two namespaces share no unique key", &C::unique) {
    auto const other = rig.open("other");
    NewJob mine = make_job("j1");
    mine.unique = "key";
    NewJob theirs = make_job("j2");
    theirs.unique = "key";
    REQUIRE(push(rig, std::move(mine)).verdict == PushVerdict::stored);

    std::vector<NewJob> jobs;
    jobs.push_back(std::move(theirs));
    CHECK(rig.run(other->push(std::move(jobs))).at(0).verdict == PushVerdict::stored);
}

COHORT_PROMISE("two namespaces share no queue", &C::inspect) {
    auto const other = rig.open("other");
    push_jobs(rig, {"j1"});
    rig.run(rig.inspector().pause(main_queue));

    for (QueueInfo const& queue : rig.run(other->inspector()->queues())) {
        CHECK(queue.count(JobState::queued) == 0);
        CHECK_FALSE(queue.paused);
    }
}

}  // namespace cohort::conformance
