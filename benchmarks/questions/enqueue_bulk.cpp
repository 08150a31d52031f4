// SPDX-License-Identifier: MIT
// How many jobs a second can one client process enqueue, 500 in a call?
#include "questions/asking.hpp"

namespace bench {

namespace {

cohort::awaitable<void> ask(cohort::Client& client, Case const& what, Pace& pace, std::uint64_t) {
    std::vector<Arguments> calls;
    for (std::uint64_t n = 0; n < what.batch; ++n)
        calls.push_back(arguments(n));
    while (pace.goes_on()) {
        auto const begun = SteadyClock::now();
        co_await enqueue_many(client, what.body, calls);
        pace.done(begun, calls.size());
    }
}

Asks const asks{"enqueue_bulk", ask, false};
Add const added{Question{
    .name = "enqueue_bulk",
    .says = "one client process enqueues by enqueue_jobs, 500 jobs a call, each call awaited; no worker",
    .place = 2,
    .has_bodies = false,
    .concurrency = 1,
    .batch = 500,
    .measure = measure_asking,
}};

}  // namespace

}  // namespace bench
