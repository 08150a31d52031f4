// SPDX-License-Identifier: MIT
// expect: this function is not a job: write COHORT_JOB(function) in its header
#include <cohort/job.hpp>

namespace shop {
int job(int a);
}  // namespace shop

void call(std::string& out) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, 1);
}
