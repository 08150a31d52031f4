// SPDX-License-Identifier: MIT
// How much of ended jobs a queue keeps: max_ended and max_ended_bytes of the URL.
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

namespace {

// The rig's broker, opened with these limits.
void limit(Rig& rig, std::string parameters) {
    rig.drop_broker();
    rig.parameters = std::move(parameters);
}

// Runs these jobs to their end, a second after each other.
void end_jobs(Rig& rig, std::vector<std::string> const& ids, bool succeeds = true,
              std::string const& text = "3") {
    Worker worker{rig};
    for (std::string const& id : ids) {
        push_jobs(rig, {id});
        JobRecord const run = worker.take();
        REQUIRE((succeeds ? succeed(rig, run, text) : fail(rig, run, text)) == Verdict::accepted);
        rig.advance(1s);
    }
    worker.retire();
}

std::vector<std::string> kept(Rig& rig, std::vector<std::string> const& ids) {
    std::vector<std::string> known;
    for (std::string const& id : ids) {
        if (result_of(rig, ref(id)).known) known.push_back(id);
    }
    return known;
}

using Ids = std::vector<std::string>;

}  // namespace

COHORT_PROMISE("no more jobs are kept than max_ended, and the oldest go first [K09]", &C::status) {
    limit(rig, "max_ended=2");
    Ids const ids{"j1", "j2", "j3", "j4", "j5"};
    end_jobs(rig, ids);

    UpkeepReply const reply = upkeep(rig);

    CHECK(reply.forgotten == 3);
    CHECK_FALSE(reply.more);
    CHECK(kept(rig, ids) == Ids{"j4", "j5"});
    CHECK(upkeep(rig).forgotten == 0);
    end_jobs(rig, {"j6"});
    CHECK(upkeep(rig).forgotten == 1);
    CHECK(kept(rig, {"j4", "j5", "j6"}) == Ids{"j5", "j6"});
}

COHORT_PROMISE("no more bytes are kept than max_ended_bytes: results, errors and arguments count [K09]",
               &C::status) {
    limit(rig, "max_ended_bytes=10KiB");
    std::string const text(4000, 'x');
    Ids const results{"r1", "r2", "r3", "r4"};
    end_jobs(rig, results, true, "\"" + text + "\"");
    CHECK(upkeep(rig).forgotten == 2);
    CHECK(kept(rig, results) == Ids{"r3", "r4"});

    Ids const errors{"e1", "e2", "e3", "e4"};
    end_jobs(rig, errors, false, text);
    CHECK(upkeep(rig).forgotten == 2);
    CHECK(kept(rig, errors) == Ids{"e3", "e4"});

    Ids const arguments{"a1", "a2", "a3", "a4"};
    Worker worker{rig};
    for (std::string const& id : arguments) {
        NewJob job = make_job(id);
        job.arguments = "[\"" + text + "\"]";
        REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
        REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
        rig.advance(1s);
    }
    CHECK(upkeep(rig).forgotten == 4);
    CHECK(kept(rig, results).empty());
    CHECK(kept(rig, arguments) == Ids{"a3", "a4"});
}

COHORT_PROMISE("what succeeds pushes out nothing that failed, nor the other way round [K09]", &C::status,
               &C::cancel) {
    limit(rig, "max_ended=2");
    end_jobs(rig, {"bad1", "bad2"}, false);
    end_jobs(rig, {"good1", "good2", "good3", "good4"});
    CHECK(upkeep(rig).forgotten == 2);
    CHECK(kept(rig, {"bad1", "bad2", "good1", "good2", "good3", "good4"}) ==
          Ids{"bad1", "bad2", "good3", "good4"});

    // Cancelled jobs are of the kind of those that failed.
    push_jobs(rig, {"gone"});
    REQUIRE(cancel(rig, ref("gone")) == CancelVerdict::cancelled);
    CHECK(upkeep(rig).forgotten == 1);
    CHECK(kept(rig, {"bad1", "bad2", "gone", "good3", "good4"}) == Ids{"bad2", "gone", "good3", "good4"});
}

COHORT_PROMISE("of ended jobs beyond the limits those go first whose retention would end first [K09]",
               &C::status) {
    limit(rig, "max_ended=1");
    NewJob job = make_job("long");
    job.policy.keep_result = 2h;
    push(rig, std::move(job));
    job = make_job("short");
    job.policy.keep_result = 1h;
    push(rig, std::move(job));
    Worker worker{rig};
    for (JobRecord const& run : worker.claim(2).jobs)
        REQUIRE(succeed(rig, run) == Verdict::accepted);

    CHECK(upkeep(rig).forgotten == 1);
    CHECK(kept(rig, {"long", "short"}) == Ids{"long"});
}

COHORT_PROMISE("what is beyond the limits goes in bounded steps, together with what is past its time [K09]",
               &C::status) {
    limit(rig, "max_ended=3");
    Ids const ids{"j1", "j2", "j3", "j4", "j5", "j6"};
    Worker worker{rig};
    for (std::string const& id : ids) {
        NewJob job = make_job(id);
        job.policy.keep_result = id == "j1" ? 1s : 1h;
        push(rig, std::move(job));
        REQUIRE(succeed(rig, worker.take()) == Verdict::accepted);
        rig.advance(1s);
    }

    UpkeepReply const first = upkeep(rig, 2);
    CHECK(first.forgotten == 2);
    CHECK(first.more);
    UpkeepReply const last = upkeep(rig, 2);
    CHECK(last.forgotten == 1);
    CHECK_FALSE(last.more);
    CHECK(kept(rig, ids) == Ids{"j4", "j5", "j6"});
}

COHORT_PROMISE("jobs that have not ended are none of the limits' business [K09]", &C::status) {
    limit(rig, "max_ended=1&max_ended_bytes=1");
    push_jobs(rig, {"j1", "j2", "j3"});
    Worker worker{rig};
    JobRecord const run = worker.take();

    CHECK(upkeep(rig).forgotten == 0);
    CHECK(status_of(rig, ref("j2")).state == JobState::queued);
    CHECK(status_of(rig, run.ref).state == JobState::running);

    // One byte is less than anything that ends.
    REQUIRE(succeed(rig, run) == Verdict::accepted);
    CHECK(upkeep(rig).forgotten == 1);
    CHECK(exists(rig, ref("j2")));
    CHECK(exists(rig, ref("j3")));
}

COHORT_PROMISE("a job that was beyond the limits is as unknown as one whose time has come [K09]", &C::status,
               &C::inspect) {
    limit(rig, "max_ended=1");
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    REQUIRE(succeed(rig, run) == Verdict::accepted);
    rig.advance(1s);
    end_jobs(rig, {"j2"});
    REQUIRE(upkeep(rig).forgotten == 1);

    CHECK_FALSE(exists(rig, ref("j1")));
    CHECK_FALSE(result_of(rig, ref("j1")).known);
    CHECK(cancel(rig, ref("j1")) == CancelVerdict::unknown);
    CHECK(succeed(rig, run) == Verdict::gone);
    CHECK(info(rig).count(JobState::succeeded) == 1);
    NewJob other = make_job("j1");
    other.arguments = "[9]";
    CHECK(push(rig, std::move(other)).verdict == PushVerdict::stored);
}

COHORT_PROMISE("what is forgotten, purged or sent back counts no more [K09]", &C::status, &C::inspect,
               &C::forget) {
    limit(rig, "max_ended=2&max_ended_bytes=10KiB");
    std::string const text(4000, 'x');
    end_jobs(rig, {"g1", "g2"}, true, "\"" + text + "\"");
    end_jobs(rig, {"b1", "b2"}, false, text);
    REQUIRE(rig.run(rig.broker().forget({ref("g1")})) == std::vector{true});
    REQUIRE(rig.run(rig.inspector().requeue({ref("b1")})) == std::vector{true});
    REQUIRE(rig.run(rig.inspector().purge(main_queue, {JobState::queued})) == 1);
    end_jobs(rig, {"g3"}, true, "\"" + text + "\"");
    end_jobs(rig, {"b3"}, false, text);
    CHECK(upkeep(rig).forgotten == 0);
    CHECK(kept(rig, {"g2", "g3", "b2", "b3"}) == Ids{"g2", "g3", "b2", "b3"});

    REQUIRE(rig.run(rig.inspector().purge(main_queue, {JobState::succeeded, JobState::failed})) == 4);
    end_jobs(rig, {"g4", "g5"}, true, "\"" + text + "\"");
    end_jobs(rig, {"b4", "b5"}, false, text);
    CHECK(upkeep(rig).forgotten == 0);
    CHECK(kept(rig, {"g4", "g5", "b4", "b5"}) == Ids{"g4", "g5", "b4", "b5"});
}

COHORT_PROMISE("an id that is used again after its job's time counts once [K09]", &C::status) {
    limit(rig, "max_ended=2&max_ended_bytes=10KiB");
    std::string const result = "\"" + std::string(4000, 'x') + "\"";
    for (int i = 0; i < 3; ++i) {
        NewJob job = make_job("j1");
        job.arguments = "[" + std::to_string(i) + "]";
        job.policy.keep_result = 10s;
        REQUIRE(push(rig, std::move(job)).verdict == PushVerdict::stored);
        Worker worker{rig};
        REQUIRE(succeed(rig, worker.take(), result) == Verdict::accepted);
        rig.advance(11s);
    }
    end_jobs(rig, {"j2", "j3"}, true, result);
    CHECK(upkeep(rig).forgotten == 1);  // the last j1, past its time
    CHECK(kept(rig, {"j2", "j3"}) == Ids{"j2", "j3"});
}

COHORT_PROMISE("without limits all is kept for its time [K09]", &C::status) {
    limit(rig, "max_ended=none&max_ended_bytes=none");
    Ids const ids{"j1", "j2", "j3"};
    end_jobs(rig, ids);
    CHECK(upkeep(rig).forgotten == 0);
    CHECK(kept(rig, ids) == ids);
}

COHORT_PROMISE("limits that are none are refused when the broker is opened [B35]", &C::status) {
    for (char const* parameter :
         {"max_ended=0", "max_ended=-1", "max_ended=many", "max_ended=1KiB", "max_ended_bytes=0",
          "max_ended_bytes=1.5GiB", "max_ended_bytes=256M", "max_ended_bytes=99999999TiB"}) {
        limit(rig, parameter);
        CAPTURE(parameter);
        CHECK_THROWS_WITH(rig.open(), Catch::Contains("invalid_url: parameter \"max_ended") &&
                                          Catch::Contains("or none for no limit; in "));
    }
    rig.parameters = {};
}

}  // namespace cohort::conformance
