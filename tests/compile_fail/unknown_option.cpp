// SPDX-License-Identifier: MIT
// expect: retries
#include <cohort/job.hpp>

namespace shop {
int job();
COHORT_JOB(job, .retries = 3);
}  // namespace shop
