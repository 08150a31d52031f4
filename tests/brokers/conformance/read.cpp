// SPDX-License-Identifier: MIT
// status and results.
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

COHORT_PROMISE("the status of unknown jobs is nothing, in the order asked", &C::status) {
    push_jobs(rig, {"j1"});

    auto const records = rig.run(rig.broker().status({ref("nobody"), ref("j1"), ref("j1", "nowhere")}));

    REQUIRE(records.size() == 3);
    CHECK_FALSE(records[0].has_value());
    CHECK(records[1].has_value());
    CHECK_FALSE(records[2].has_value());
}

COHORT_PROMISE("asking about no jobs is answered with nothing", &C::status) {
    CHECK(rig.run(rig.broker().status({})).empty());
    CHECK(rig.run(rig.broker().results({})).empty());
}

COHORT_PROMISE("the result of a job that goes on is its state and nothing else", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    CHECK(result_of(rig, ref("j1")).state == JobState::queued);
    worker.take();

    Ending const ending = result_of(rig, ref("j1"));

    CHECK(ending.known);
    CHECK(ending.state == JobState::running);
    CHECK(ending.result.empty());
    CHECK(ending.error.empty());
    CHECK(ending.reason == FailReason::none);
}

COHORT_PROMISE("the result of a retrying job does not show its last failure", &C::status, &C::delays) {
    NewJob job = make_job("j1");
    job.policy.max_retries = 1;
    push(rig, std::move(job));
    Worker worker{rig};
    REQUIRE(retry(rig, worker.take(), 1h) == Verdict::accepted);

    Ending const ending = result_of(rig, ref("j1"));

    CHECK(ending.state == JobState::retrying);
    CHECK(ending.error.empty());
    CHECK(ending.reason == FailReason::none);
}

COHORT_PROMISE("results say how each job ended", &C::status) {
    push_jobs(rig, {"good", "bad"});
    Worker worker{rig};
    for (JobRecord const& run : worker.claim(2).jobs) {
        if (run.ref.id == "good") {
            REQUIRE(succeed(rig, run, "42") == Verdict::accepted);
        } else {
            REQUIRE(fail(rig, run, "out of paper") == Verdict::accepted);
        }
    }

    Ending const good = result_of(rig, ref("good"));
    CHECK(good.state == JobState::succeeded);
    CHECK(good.result == "42");
    CHECK(good.attempt == 1);
    Ending const bad = result_of(rig, ref("bad"));
    CHECK(bad.state == JobState::failed);
    CHECK(bad.reason == FailReason::exception);
    CHECK(bad.error == "out of paper");
    CHECK(bad.result.empty());
}

COHORT_PROMISE("the result of an unknown job is that it is not known", &C::status) {
    CHECK_FALSE(result_of(rig, ref("nobody")).known);
    CHECK_FALSE(result_of(rig, ref("nobody", "nowhere")).known);
}

COHORT_PROMISE("many results are read in one call, in the order asked", &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);

    auto const endings = rig.run(rig.broker().results({ref("j2"), ref("nobody"), ref("j1"), ref("j2")}));

    REQUIRE(endings.size() == 4);
    CHECK(endings[0].known);
    CHECK_FALSE(endings[1].known);
    CHECK(is_terminal(endings[2].state) != is_terminal(endings[0].state));
    CHECK(endings[3].state == endings[0].state);
}

COHORT_PROMISE("a large result comes back as it went", &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    std::string const result = "\"" + std::string(1'000'000, 'y') + "\"";

    REQUIRE(succeed(rig, worker.take(), result) == Verdict::accepted);

    CHECK(result_of(rig, ref("j1")).result == result);
}

}  // namespace cohort::conformance
