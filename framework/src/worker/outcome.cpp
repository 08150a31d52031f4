// SPDX-License-Identifier: MIT
#include "worker/outcome.hpp"

#include "job/failure.hpp"

#include <cohort/retry.hpp>

namespace cohort {

namespace {

Settlement settlement_of(Run& run, SettleKind kind) {
    Settlement settlement;
    settlement.ref = run.job().ref;
    settlement.token = *run.job().token;
    settlement.kind = kind;
    return settlement;
}

Settlement from_failure(Run& run, Failure failure) {
    Settlement settlement = settlement_of(run, failure.kind);
    settlement.reason = failure.reason;
    settlement.error = std::move(failure.error);
    if (failure.kind != SettleKind::retry) return settlement;
    auto const& job = run.job();
    auto const pause =
        next_run(job.policy, job.counters.failures + 1, failure.after, run.shared().random_fraction());
    if (pause)
        settlement.delay = *pause;
    else
        settlement.kind = SettleKind::failed;
    return settlement;
}

}  // namespace

Settlement succeeded_run(Run& run) {
    Settlement settlement = settlement_of(run, SettleKind::succeeded);
    settlement.result = run.take_result();
    settlement.hook = run.commit_hook();
    return settlement;
}

Settlement failed_run(Run& run, std::exception_ptr const& error) {
    return from_failure(run, classify(error, run.stop_reason()));
}

Settlement stopped_run(Run& run) {
    Failure failure;
    switch (run.stop_reason()) {
    case StopReason::cancelled:
        failure.kind = SettleKind::cancelled;
        break;
    case StopReason::timeout:
        failure.kind = SettleKind::retry;
        failure.reason = FailReason::timeout;
        failure.error = "still running after its limit of " + to_string(run.job().policy.timeout);
        break;
    default:
        failure.kind = SettleKind::released;
        break;
    }
    return from_failure(run, std::move(failure));
}

}  // namespace cohort
