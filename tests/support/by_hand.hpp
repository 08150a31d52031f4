// SPDX-License-Identifier: MIT
// A consumer without a Worker: who he is, and what he answers.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/id.hpp>

#include <string>
#include <utility>

namespace support {

// On the queue "default", one job at a time.
inline cohort::WorkerInfo me() {
    cohort::WorkerInfo info;
    info.incarnation = cohort::random_id();
    info.name = "by hand";
    info.queues = {"default"};
    info.slots = 1;
    return info;
}

inline cohort::Settlement answer(cohort::JobRecord const& job, std::string result) {
    cohort::Settlement settlement;
    settlement.ref = job.ref;
    settlement.token = *job.token;
    settlement.result = std::move(result);
    return settlement;
}

}  // namespace support
