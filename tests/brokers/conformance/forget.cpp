// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("a job that has ended is forgotten when that is asked for, and its id is free again",
               &C::forget, &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    auto const reply = worker.claim(2);
    REQUIRE(reply.jobs.size() == 2);
    REQUIRE(succeed(rig, reply.jobs[0]) == Verdict::accepted);
    REQUIRE(fail(rig, reply.jobs[1]) == Verdict::accepted);

    CHECK(rig.run(rig.broker().forget({ref("j1"), ref("j2")})) == std::vector{true, true});

    CHECK_FALSE(exists(rig, ref("j1")));
    CHECK_FALSE(result_of(rig, ref("j2")).known);
    CHECK(succeed(rig, reply.jobs[0]) == Verdict::gone);
    CHECK(rig.run(rig.broker().forget({ref("j1")})) == std::vector{false});
    NewJob other = make_job("j1");
    other.arguments = "[9]";
    CHECK(push(rig, std::move(other)).verdict == PushVerdict::stored);
}

COHORT_PROMISE("a job that has not ended is not forgotten", &C::forget, &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    auto const reply = worker.claim(1);
    REQUIRE(reply.jobs.size() == 1);

    CHECK(rig.run(rig.broker().forget({ref("j1"), ref("j2"), ref("unknown")})) ==
          std::vector{false, false, false});

    CHECK(status_of(rig, ref("j1")).state == JobState::running);
    CHECK(status_of(rig, ref("j2")).state == JobState::queued);
    CHECK(succeed(rig, reply.jobs[0]) == Verdict::accepted);
}

COHORT_PROMISE("a broker that cannot forget says so") {
    if (rig.can(&C::forget)) return;
    CHECK(code_of(rig, rig.broker().forget({ref("j1")})) == errc::not_supported);
}

}  // namespace cohort::conformance
