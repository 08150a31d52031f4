// SPDX-License-Identifier: MIT
// expect: describe it with BOOST_DESCRIBE_STRUCT
#include <cohort/register.hpp>

struct Total {
    int cents;
};
Total job() {
    return {1};
}
COHORT_JOB(job);
COHORT_REGISTER(job);
