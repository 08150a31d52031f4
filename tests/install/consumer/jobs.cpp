// SPDX-License-Identifier: MIT
// The bodies. Nothing refers to this file: that it is linked all the same is what cohort_add_jobs is for.
#include "jobs.hpp"

#include <cohort/register.hpp>

int consumer::add(int a, int b) {
    return a + b;
}
COHORT_REGISTER(consumer::add);
