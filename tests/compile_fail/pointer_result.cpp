// SPDX-License-Identifier: MIT
// expect: a pointer cannot be a result: it does not cross processes
#include <cohort/job.hpp>

namespace shop {
int* job();
COHORT_JOB(job);
}  // namespace shop
