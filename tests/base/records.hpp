// SPDX-License-Identifier: MIT
// A job, a run of it, and the reports of its worker, as the tests of the state machine need them.
#pragma once

#include <cohort/state.hpp>

#include <utility>

namespace cohort {

inline constexpr Instant start{Duration{1'769'848'200'000'000}};
inline Token const ours{"0123456789abcdef0123456789abcdef", 7};
inline Token const theirs{"0123456789abcdef0123456789abcdef", 8};

inline NewJob job(std::uint32_t max_retries = 2) {
    NewJob job;
    job.ref = {"mail", "1"};
    job.name = "shop.price";
    job.arguments = "[1]";
    job.unique = "key";
    job.policy.max_retries = max_retries;
    return job;
}

inline JobRecord running(std::uint32_t max_retries = 2) {
    JobRecord record = make_record(job(max_retries), start);
    claim(record, ours, start + 1s);
    return record;
}

inline Settlement report(SettleKind kind, Token token = ours) {
    Settlement settlement;
    settlement.ref = {"mail", "1"};
    settlement.token = std::move(token);
    settlement.kind = kind;
    if (kind == SettleKind::succeeded) settlement.result = "42";
    if (kind == SettleKind::note) settlement.result = "half";
    if (kind == SettleKind::retry || kind == SettleKind::failed) {
        settlement.reason = FailReason::exception;
        settlement.error = "boom";
    }
    if (kind == SettleKind::retry) settlement.delay = 5s;
    return settlement;
}

inline constexpr SettleKind all_kinds[] = {SettleKind::succeeded, SettleKind::retry,    SettleKind::failed,
                                           SettleKind::cancelled, SettleKind::released, SettleKind::note};

}  // namespace cohort
