// SPDX-License-Identifier: MIT
// expect: pointers and mutable references do not cross processes
#include <cohort/job.hpp>

namespace shop {
int job(int* a);
COHORT_JOB(job);
}  // namespace shop
