// SPDX-License-Identifier: MIT
// expect: this function is not a job: write COHORT_JOB(function) in its header
#include <cohort/register.hpp>

int job(int a) {
    return a;
}
COHORT_REGISTER(job);
