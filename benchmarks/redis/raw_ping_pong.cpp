// SPDX-License-Identifier: MIT
// Raw Redis: one process pushes a job and waits for its result; another waits for a job and pushes its
// result.
#include "redis/link.hpp"
#include "redis/raw.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <atomic>
#include <hiredis/hiredis.h>
#include <thread>

namespace bench::raw {

namespace {

void ping(Case const& what) {
    Link link{what};
    Pace pace{what.seconds, [] { say("begin"); }};
    for (std::uint64_t n = 0; pace.goes_on(); ++n) {
        auto const begun = SteadyClock::now();
        link.ask({"RPUSH", "jobs", job(n)});
        auto const result = link.ask({"BLPOP", "done", "0"});
        check_answer({result->element[1]->str, result->element[1]->len});
        pace.done(begun);
    }
    say(pace.sample().line());
}

void pong(Case const& what) {
    std::atomic<bool> stopping = false;
    std::thread thread{[&] {
        Link link{what};
        while (!stopping) {
            auto const taken = link.ask({"BLPOP", "jobs", "1"});
            if (taken->type != REDIS_REPLY_ARRAY) continue;
            link.ask({"RPUSH", "done", answer({taken->element[1]->str, taken->element[1]->len})});
        }
    }};
    say("ready");
    answer_until_stop();
    stopping = true;
    thread.join();
}

Part const client{"raw.redis.ping", ping};
Part const worker{"raw.redis.pong", pong};

}  // namespace

Sample measure_redis_ping_pong(Case const& what) {
    return measure_in("raw.redis.ping", "raw.redis.pong", what);
}

}  // namespace bench::raw
