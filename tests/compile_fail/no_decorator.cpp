// SPDX-License-Identifier: MIT
// expect: a decorator is a callable awaitable<void>(cohort::Context&, cohort::Next)
#include <cohort/register.hpp>

int job(int a) {
    return a;
}
COHORT_JOB(job);
COHORT_REGISTER(job, 5);
