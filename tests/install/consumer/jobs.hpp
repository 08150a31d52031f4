// SPDX-License-Identifier: MIT
// The jobs that client and worker agree on.
#pragma once

#include <cohort/job.hpp>

namespace consumer {

int add(int a, int b);
COHORT_JOB(add);

}  // namespace consumer
