// SPDX-License-Identifier: MIT
// expect: too few arguments for this job (and the missing ones have no default)
#include <cohort/job.hpp>

namespace shop {
int job(int a, int b, int c = 3);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, 1);
}
