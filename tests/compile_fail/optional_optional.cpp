// SPDX-License-Identifier: MIT
// expect: an optional of what may be null itself cannot be told from null
#include <cohort/job.hpp>

namespace shop {
int job(std::optional<std::optional<int>> a);
COHORT_JOB(job);
}  // namespace shop

void call(std::string& out, std::optional<std::optional<int>> const& a) {
    cohort::detail::encode_arguments<cohort::detail::meta_of<shop::job>>(out, a);
}
