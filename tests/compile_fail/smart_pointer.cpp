// SPDX-License-Identifier: MIT
// expect: pointers and mutable references do not cross processes
#include <cohort/job.hpp>

#include <memory>

namespace shop {
int job(std::unique_ptr<int> a);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out, std::unique_ptr<int> const& a) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, a);
}
