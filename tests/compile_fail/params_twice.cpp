// SPDX-License-Identifier: MIT
// expect: each name in COHORT_JOB(.params) must be there once
#include <cohort/job.hpp>

namespace shop {
int job(int a, int b);
COHORT_JOB(job, .params = "a, a");
}  // namespace shop
