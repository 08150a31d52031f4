// SPDX-License-Identifier: MIT
// expect: too many arguments for this job
#include <cohort/job.hpp>

namespace shop {
int job(int a, int b = 2);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, 1, 2, 3);
}
