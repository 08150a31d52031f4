// SPDX-License-Identifier: MIT
// Raw Redis: one process pushes jobs, as many RPUSH under way as the case says.
#include "redis/link.hpp"
#include "redis/raw.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <hiredis/hiredis.h>
#include <stdexcept>

namespace bench::raw {

namespace {

void push_for_a_while(Case const& what) {
    Link link{what};
    Pace pace{what.seconds, [] { say("begin"); }};
    std::uint64_t n = 0;
    while (pace.goes_on()) {
        auto const begun = SteadyClock::now();
        for (std::uint32_t i = 0; i < what.batch; ++i)
            link.send({"RPUSH", "jobs", job(n++)});
        for (std::uint32_t i = 0; i < what.batch; ++i)
            link.read();
        pace.done(begun, what.batch);
    }
    auto const sample = pace.sample();
    if (static_cast<std::uint64_t>(link.ask({"LLEN", "jobs"})->integer) != n)
        throw std::runtime_error{"not all jobs are stored"};
    say(sample.line());
}

Part const part{"raw.redis.enqueue", push_for_a_while};

}  // namespace

Sample measure_redis_enqueue(Case const& what) {
    return measure_in("raw.redis.enqueue", what);
}

}  // namespace bench::raw
