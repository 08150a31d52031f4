// SPDX-License-Identifier: MIT
// expect: .delay must not be negative
#include <cohort/job.hpp>

namespace shop {
int job();
COHORT_JOB(job, .delay = -1s);
}  // namespace shop
