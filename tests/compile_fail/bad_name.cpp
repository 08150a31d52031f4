// SPDX-License-Identifier: MIT
// expect: the .name of a job is 1 to 200 characters of [A-Za-z0-9_.:/-]
#include <cohort/job.hpp>

namespace shop {
int job();
COHORT_JOB(job, .name = "shop price");
}  // namespace shop
