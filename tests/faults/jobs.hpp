// SPDX-License-Identifier: MIT
// The jobs of the fault scenarios. Each writes to the ledger when it starts and when it ends, and returns who
// ran it. All take one number.
#pragma once

#include "faults/ledger.hpp"

#include <cohort/catalog.hpp>
#include <cohort/context.hpp>
#include <cohort/job.hpp>

#include <memory>
#include <string>

namespace faults {

// Given to every worker with provide().
struct Who {
    std::string name;
    std::shared_ptr<Ledger> ledger;
};

using Text = cohort::awaitable<std::string>;

Text ok(cohort::Context& context, int millis);  // sleeps on the loop
COHORT_JOB(ok);
Text busy(cohort::Context& context, int millis);  // computes on the loop, without a pause
COHORT_JOB(busy);
std::string plain(cohort::Context& context, int millis);  // blocks a thread of the pool, and hears nothing
COHORT_JOB(plain);
std::string quick(cohort::Context& context, int);
COHORT_JOB(quick, .quick = true);
Text fails(cohort::Context& context, int kind);  // in one of several ways, see jobs.cpp
COHORT_JOB(fails);
Text flaky(cohort::Context& context, int failures);  // fails so many times
COHORT_JOB(flaky);
Text aborts(cohort::Context& context, int);  // kill -9 of its own worker
COHORT_JOB(aborts);
std::string big(cohort::Context& context, int bytes);
COHORT_JOB(big);
Text later(cohort::Context& context, int millis);  // like ok; old workers do not know it
COHORT_JOB(later);

// What an old worker knows: `ok` alone.
void old_jobs(cohort::Catalog& catalog);

}  // namespace faults
