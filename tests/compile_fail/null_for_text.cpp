// SPDX-License-Identifier: MIT
// expect: job argument has the wrong type
#include <cohort/job.hpp>

namespace shop {
int job(std::string a);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, nullptr);
}
