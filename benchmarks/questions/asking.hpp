// SPDX-License-Identifier: MIT
// What the questions share: clients that ask for a while, with or without a worker, in as many processes as
// the broker takes.
#pragma once

#include "jobs.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"
#include "support/registry.hpp"
#include "support/rounds.hpp"

#include <cohort/worker.hpp>

namespace bench {

using namespace std::chrono_literals;

// One of the coroutines that ask; number i of what.concurrency. Calls pace.done() for each answer.
using AskFunction = cohort::awaitable<void> (*)(cohort::Client& client, Case const& what, Pace& pace,
                                                std::uint64_t i);

// At namespace scope, beside the question of that name. Without a worker, what was stored is counted at the
// end.
struct Asks {
    Asks(std::string question, AskFunction ask, bool needs_worker);
};

// Question::measure of such a question.
Sample measure_asking(Case const& what);

// Runs them on this loop until all have ended. When one throws, the process ends and says why.
cohort::awaitable<void> all_of(std::vector<cohort::awaitable<void>> coroutines);

std::string url_of(Case const& what);
cohort::WorkerOptions worker_options(Case const& what);

}  // namespace bench
