// SPDX-License-Identifier: MIT
// expect: the keys of a map are strings, integers or described enums
#include <cohort/job.hpp>

#include <map>

namespace shop {
int job(std::map<double, int> a);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out, std::map<double, int> const& a) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, a);
}
