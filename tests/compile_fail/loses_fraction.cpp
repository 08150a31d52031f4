// SPDX-License-Identifier: MIT
// expect: job argument would lose its fraction: round it, or make the parameter a double
#include <cohort/job.hpp>

namespace shop {
int job(int a);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, 1.5);
}
