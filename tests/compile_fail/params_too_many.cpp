// SPDX-License-Identifier: MIT
// expect: COHORT_JOB(.params) must name every parameter
#include <cohort/job.hpp>

namespace shop {
int job(cohort::Context& context, int a);
COHORT_JOB(job, .params = "context, a");
}  // namespace shop
