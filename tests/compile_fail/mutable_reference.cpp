// SPDX-License-Identifier: MIT
// expect: pointers and mutable references do not cross processes
#include <cohort/job.hpp>

namespace shop {
void job(std::string& a);
COHORT_JOB(job);
}  // namespace shop
