// SPDX-License-Identifier: MIT
#include "brokers/conformance/suite.hpp"

namespace cohort::conformance {

using C = Capabilities;

namespace {

WatchParams long_watch() {
    WatchParams params;
    params.client = "c1";
    params.wait = 1h;
    return params;
}

template<class T>
errc ending_of(Rig& rig, Pending<T>& pending) {
    try {
        rig.finish(pending);
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

}  // namespace

COHORT_PROMISE("closing ends waiting claims and watches with the error closed") {
    Worker worker{rig};
    auto claiming = rig.start(rig.broker().claim(worker.next(5, 1h)));
    auto watching = rig.start(rig.broker().watch(long_watch()));

    rig.broker().close();

    CHECK(ending_of(rig, claiming) == errc::closed);
    CHECK(ending_of(rig, watching) == errc::closed);
}

COHORT_PROMISE("destroying the broker ends waits as closing does") {
    Worker worker{rig};
    auto claiming = rig.start(rig.broker().claim(worker.next(5, 1h)));
    auto watching = rig.start(rig.broker().watch(long_watch()));

    rig.drop_broker();

    CHECK(ending_of(rig, claiming) == errc::closed);
    CHECK(ending_of(rig, watching) == errc::closed);
}

COHORT_PROMISE("a closed broker refuses every verb") {
    Worker worker{rig};
    rig.broker().close();
    rig.broker().close();  // twice is once

    std::vector<NewJob> jobs;
    jobs.push_back(make_job("j1"));
    CHECK(code_of(rig, rig.broker().push(std::move(jobs))) == errc::closed);
    CHECK(code_of(rig, rig.broker().claim(worker.next())) == errc::closed);
    CHECK(code_of(rig, rig.broker().claim(worker.next(1, 1h))) == errc::closed);
    CHECK(code_of(rig, rig.broker().watch(long_watch())) == errc::closed);
    CHECK(code_of(rig, rig.broker().status({ref("j1")})) == errc::closed);
    CHECK(code_of(rig, rig.broker().results({ref("j1")})) == errc::closed);
    Beat beat;
    beat.incarnation = worker.incarnation;
    CHECK(code_of(rig, rig.broker().renew(beat)) == errc::closed);
}

COHORT_PROMISE("closing one Broker object leaves the others of the same store alone", &C::status) {
    auto const other = rig.open();
    Worker worker{rig};
    auto claiming = rig.start(rig.broker().claim(worker.next(5, 1h)));

    other->close();
    rig.poll();
    CHECK_FALSE(claiming.is_done());
    push_jobs(rig, {"j1"});

    CHECK(rig.finish(claiming).jobs.size() == 1);
}

COHORT_PROMISE("what was stored is there for another Broker object", &C::status) {
    auto const other = rig.open();
    push_jobs(rig, {"j1"});

    auto const records = rig.run(other->status({ref("j1")}));

    CHECK(records.at(0).has_value());
}

COHORT_PROMISE("a durable broker has its jobs when it is opened again", &C::durable, &C::status) {
    push_jobs(rig, {"j1", "j2"});
    Worker worker{rig};
    JobRecord const run = worker.take();
    JobRecord const before = status_of(rig, run.ref);
    rig.drop_broker();

    CHECK(status_of(rig, run.ref) == before);
    CHECK(succeed(rig, run) == Verdict::accepted);
    CHECK(worker.claim(5).jobs.size() == 1);
}

}  // namespace cohort::conformance
