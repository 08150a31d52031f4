// SPDX-License-Identifier: MIT
// Raw Redis: jobs wait in a list; one process takes them, 100 a turn, and stores their results.
#include "redis/raw.hpp"
#include "redis/raw_worker.hpp"
#include "support/parts.hpp"
#include "support/rounds.hpp"
#include "support/usage.hpp"

#include <algorithm>
#include <hiredis/hiredis.h>
#include <stdexcept>

namespace bench::raw {

namespace {

void fill(Link& link, std::uint64_t jobs) {
    for (std::uint64_t n = 0; n < jobs;) {
        auto const end = std::min<std::uint64_t>(jobs, n + 500);
        auto const count = end - n;
        for (; n < end; ++n)
            link.send({"RPUSH", "jobs", job(n)});
        for (std::uint64_t i = 0; i < count; ++i)
            link.read();
    }
}

void check_all(Link& link, std::uint64_t jobs) {
    for (std::uint64_t n = 0; n < jobs; ++n) {
        auto const id = job(n).substr(0, 26);
        auto const result = link.ask({"GET", "r:" + id});
        if (result->type != REDIS_REPLY_STRING) throw std::runtime_error{"a result is missing: " + id};
        if (check_answer({result->str, result->len}) != n) throw std::runtime_error{"a wrong result: " + id};
    }
}

void drain(Case const& what) {
    Link link{what};
    fill(link, what.jobs);
    Turns turns{link, what.batch, false};

    say("begin");
    auto const begun = SteadyClock::now();
    Usage const from = used_so_far();
    while (turns.turn() || turns.has_results()) {
    }
    Sample sample;
    sample.seconds = std::chrono::duration<double>{SteadyClock::now() - begun}.count();
    sample.worker = between(from, used_so_far());
    sample.jobs = what.jobs;
    say(sample.line());

    check_all(link, what.jobs);
}

Part const part{"raw.redis.drain", drain};

}  // namespace

Sample measure_redis_drain(Case const& what) {
    return in_rounds(what, [](Case const& round) { return measure_in("raw.redis.drain", round); });
}

}  // namespace bench::raw
