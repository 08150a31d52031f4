// SPDX-License-Identifier: MIT
// Raw Redis: a client process keeps 200 jobs under way and reads every result from the list "done"; a worker
// process runs them.
#include "redis/raw.hpp"
#include "redis/raw_worker.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <hiredis/hiredis.h>
#include <unordered_map>

namespace bench::raw {

namespace {

class Calls {
public:
    Calls(Case const& what, Pace& pace) : what_{what}, pace_{pace} {}

    // Pushes what may be under way beside what is, in one go.
    void push() {
        auto const begun = SteadyClock::now();
        std::size_t sent = 0;
        for (; under_way_.size() < what_.concurrency; ++sent) {
            link_.send({"RPUSH", "jobs", job(n_)});
            under_way_.emplace(n_++, begun);
        }
        for (; sent > 0; --sent)
            link_.read();
    }

    // Waits for one result, and takes all others that are there.
    void collect() {
        auto const first = link_.ask({"BLPOP", "done", "0"});
        take(*first->element[1]);
        auto const others = link_.ask({"LPOP", "done", "1000"});
        if (others->type != REDIS_REPLY_ARRAY) return;
        for (std::size_t i = 0; i < others->elements; ++i)
            take(*others->element[i]);
    }

private:
    void take(redisReply const& result) {
        auto const call = under_way_.extract(check_answer({result.str, result.len}));
        pace_.done(call.mapped());
    }

    Case const& what_;
    Pace& pace_;
    Link link_{what_};
    std::uint64_t n_ = 0;
    std::unordered_map<std::uint64_t, SteadyClock::time_point> under_way_;
};

void ask_for_a_while(Case const& what) {
    Pace pace{what.seconds, [] { say("begin"); }};
    Calls calls{what, pace};
    while (pace.goes_on()) {
        calls.push();
        calls.collect();
    }
    say(pace.sample().line());
}

Part const part{"raw.redis.end_to_end", ask_for_a_while};

}  // namespace

Sample measure_redis_calls(Case const& what) {
    return measure_in("raw.redis.end_to_end", redis_worker_part, what);
}

}  // namespace bench::raw
