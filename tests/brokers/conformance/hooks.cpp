// SPDX-License-Identifier: MIT
// What a run wants to be done in the step that stores its success. What can be done there is each store's
// own.
#include "brokers/conformance/suite.hpp"

#include <stdexcept>

namespace cohort::conformance {

using C = Capabilities;

namespace {

class Hook : public CommitHook {
public:
    Hook(Settlement otherwise, bool throws) : otherwise_{std::move(otherwise)}, throws_{throws} {}
    void run(void* handle) override {
        ++calls;
        had_handle = handle != nullptr;
        if (throws_) throw std::runtime_error{"no"};
    }
    Settlement failed(std::exception_ptr) override { return otherwise_; }

    int calls = 0;
    bool had_handle = false;

private:
    Settlement const otherwise_;
    bool const throws_;
};

struct Success {
    Success(JobRecord const& run, bool throws) : settlement{report(run, SettleKind::succeeded)} {
        Settlement failure = report(run, SettleKind::failed);
        failure.reason = FailReason::exception;
        failure.error = "no";
        hook = std::make_shared<Hook>(std::move(failure), throws);
        settlement.result = "1";
        settlement.hook = hook;
    }
    std::shared_ptr<Hook> hook;
    Settlement settlement;
};

}  // namespace

COHORT_PROMISE("a hook is called with the success of the owner, and not again for its repeat",
               &C::commit_hooks, &C::status) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    Success const success{worker.take(), false};
    CHECK(settle(rig, success.settlement) == Verdict::accepted);
    CHECK(success.hook->calls == 1);
    CHECK(success.hook->had_handle);
    CHECK(status_of(rig, ref("j1")).state == JobState::succeeded);
    CHECK(settle(rig, success.settlement) == Verdict::accepted);
    CHECK(success.hook->calls == 1);
}

COHORT_PROMISE("a hook is not called for who is not the owner", &C::commit_hooks, &C::fenced_settle) {
    push_jobs(rig, {"j1"});
    Worker worker{rig};
    Success success{worker.take(), false};
    ++success.settlement.token.claim;
    CHECK(settle(rig, success.settlement) == Verdict::fenced);
    CHECK(success.hook->calls == 0);
}

COHORT_PROMISE("a hook that throws decides how its run has ended, and no other", &C::commit_hooks,
               &C::status) {
    push_jobs(rig, {"j1", "j2", "j3"});
    Worker worker{rig};
    Success const first{worker.take(), false};
    Success const second{worker.take(), true};
    Success const third{worker.take(), false};
    for (auto const* success : {&first, &second, &third})
        CHECK(settle(rig, success->settlement) == Verdict::accepted);
    CHECK(status_of(rig, ref("j1")).state == JobState::succeeded);
    CHECK(status_of(rig, ref("j2")).state == JobState::failed);
    CHECK(status_of(rig, ref("j2")).error == "no");
    CHECK(status_of(rig, ref("j2")).result.empty());
    CHECK(status_of(rig, ref("j3")).state == JobState::succeeded);
}

}  // namespace cohort::conformance
