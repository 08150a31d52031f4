// SPDX-License-Identifier: MIT
// How many jobs a second can one client process enqueue, one call each, 200 of them under way at a time?
#include "questions/asking.hpp"

namespace bench {

namespace {

cohort::awaitable<void> ask(cohort::Client& client, Case const& what, Pace& pace, std::uint64_t i) {
    for (auto n = i; pace.goes_on(); n += what.concurrency) {
        auto const begun = SteadyClock::now();
        auto const given = arguments(n);
        co_await enqueue(client, what.body, given);
        pace.done(begun);
    }
}

Asks const asks{"enqueue", ask, false};
Add const added{Question{
    .name = "enqueue",
    .says = "one client process enqueues, with 200 concurrently awaited calls of enqueue_job; no worker",
    .place = 1,
    .has_bodies = false,
    .concurrency = 200,
    .batch = 1,
    .measure = measure_asking,
}};

}  // namespace

}  // namespace bench
