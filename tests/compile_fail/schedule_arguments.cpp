// SPDX-License-Identifier: MIT
// expect: too few arguments for this job (and the missing ones have no default)
#include <cohort/job.hpp>
#include <cohort/worker.hpp>

namespace shop {
void clean_up(std::string const& folder, int days);
COHORT_JOB(clean_up);
}  // namespace shop

void plan(cohort::Worker& worker) {
    worker.schedule<shop::clean_up>("nightly", cohort::cron("0 3 * * *"), {}, "folder");
}
