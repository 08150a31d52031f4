// SPDX-License-Identifier: MIT
// How many whole jobs a second, from the call to the result in the caller's hand, 200 of them under way at a
// time?
#include "questions/asking.hpp"

namespace bench {

namespace {

cohort::awaitable<void> ask(cohort::Client& client, Case const& what, Pace& pace, std::uint64_t i) {
    for (auto n = i; pace.goes_on(); n += what.concurrency) {
        auto const begun = SteadyClock::now();
        auto const given = arguments(n);
        auto const job = co_await enqueue(client, what.body, given);
        int const got = co_await job.result(30s);
        check(n, got);
        pace.done(begun);
    }
}

Asks const asks{"end_to_end", ask, true};
Add const added{Question{
    .name = "end_to_end",
    .says = "one client process calls, 200 calls under way at a time, and awaits each result; one worker "
            "process runs them, "
            "concurrency 200",
    .place = 4,
    .has_bodies = true,
    .concurrency = 200,
    .batch = 1,
    .measure = measure_asking,
}};

}  // namespace

}  // namespace bench
