// SPDX-License-Identifier: MIT
// expect: .priority is -100 to 100
#include <cohort/job.hpp>

namespace shop {
int job();
COHORT_JOB(job, .priority = 101);
}  // namespace shop
