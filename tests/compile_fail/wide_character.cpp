// SPDX-License-Identifier: MIT
// expect: use a number, or std::string for text
#include <cohort/job.hpp>

namespace shop {
int job(wchar_t a);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, L'a');
}
