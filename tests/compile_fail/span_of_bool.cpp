// SPDX-License-Identifier: MIT
// expect: span<bool const> does not work: take std::vector<bool> const&
#include <cohort/register.hpp>

int job(std::span<bool const> a) {
    return static_cast<int>(a.size());
}
COHORT_JOB(job);
COHORT_REGISTER(job);
