// SPDX-License-Identifier: MIT
// expect: COHORT_JOB(.params) must name every parameter
#include <cohort/job.hpp>

namespace shop {
int job(cohort::Context& context, int a, int b);
COHORT_JOB(job, .params = "a");
}  // namespace shop
