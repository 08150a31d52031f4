// SPDX-License-Identifier: MIT
// expect: a job is a free function: COHORT_JOB_AS takes a pointer to one
#include <cohort/job.hpp>

namespace shop {
struct Till {
    int count(int a);
};
COHORT_JOB_AS(count, &Till::count);
}  // namespace shop
