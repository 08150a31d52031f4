// SPDX-License-Identifier: MIT
// expect: .quick is for plain functions, not for coroutines
#include <cohort/job.hpp>

namespace shop {
cohort::awaitable<int> job();
COHORT_JOB(job, .quick = true);
}  // namespace shop
