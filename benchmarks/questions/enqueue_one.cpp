// SPDX-License-Identifier: MIT
// How many jobs a second can a client enqueue that awaits each call before it makes the next?
#include "questions/asking.hpp"

namespace bench {

namespace {

cohort::awaitable<void> ask(cohort::Client& client, Case const& what, Pace& pace, std::uint64_t) {
    for (std::uint64_t n = 0; pace.goes_on(); ++n) {
        auto const begun = SteadyClock::now();
        auto const given = arguments(n);
        co_await enqueue(client, what.body, given);
        pace.done(begun);
    }
}

Asks const asks{"enqueue_one", ask, false};
Add const added{Question{
    .name = "enqueue_one",
    .says = "one client process enqueues, each call of enqueue_job awaited before the next; no worker",
    .place = 0,
    .has_bodies = false,
    .concurrency = 1,
    .batch = 1,
    .measure = measure_asking,
}};

}  // namespace

}  // namespace bench
