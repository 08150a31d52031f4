// SPDX-License-Identifier: MIT
// expect: .timeout must be more than 0
#include <cohort/job.hpp>

namespace shop {
int job();
COHORT_JOB(job, .timeout = 0s);
}  // namespace shop
