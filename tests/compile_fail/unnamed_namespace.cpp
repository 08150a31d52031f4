// SPDX-License-Identifier: MIT
// expect: this job needs .name =
#include <cohort/job.hpp>

namespace shop {
namespace {
[[maybe_unused]] int job() {
    return 1;
}
COHORT_JOB(job);
}  // namespace
}  // namespace shop
