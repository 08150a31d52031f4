// SPDX-License-Identifier: MIT
// How long does one call take, from the call to the result in the caller's hand, when nothing else is going
// on?
#include "questions/asking.hpp"

namespace bench {

namespace {

cohort::awaitable<void> ask(cohort::Client& client, Case const& what, Pace& pace, std::uint64_t) {
    for (std::uint64_t n = 0; pace.goes_on(); ++n) {
        auto const begun = SteadyClock::now();
        auto const given = arguments(n);
        int const got = co_await call(client, what.body, given);
        check(n, got);
        pace.done(begun);
    }
}

Asks const asks{"round_trip", ask, true};
Add const added{Question{
    .name = "round_trip",
    .says = "one client process makes one call at a time and awaits its result; one worker process runs it",
    .place = 5,
    .has_bodies = true,
    .concurrency = 1,
    .batch = 1,
    .measure = measure_asking,
}};

}  // namespace

}  // namespace bench
