// SPDX-License-Identifier: MIT
// Raw SQLite: a client process keeps 200 rows under way and reads every result; a worker process runs them.
#include "jobs.hpp"
#include "sqlite/doorbell.hpp"
#include "sqlite/raw.hpp"
#include "sqlite/raw_worker.hpp"
#include "sqlite/store.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <deque>

namespace bench::raw {

namespace {

struct UnderWay {
    std::uint64_t n;
    std::int64_t seq;
    SteadyClock::time_point begun;
};

// The worker takes rows in their order: the first that is missing ends the search.
void collect(Store& store, std::deque<UnderWay>& under_way, Pace& pace) {
    int got = 0;
    while (!under_way.empty() && store.result(under_way.front().seq, got)) {
        auto const call = under_way.front();
        under_way.pop_front();
        check(call.n, got);
        pace.done(call.begun);
    }
}

void ask_for_a_while(Case const& what) {
    Store store{what.folder, what.durability};
    Doorbell const work{what.folder, "work"};
    Doorbell done{what.folder, "done"};
    done.watch();
    Pace pace{what.seconds, [] { say("begin"); }};
    std::deque<UnderWay> under_way;
    std::uint64_t n = 0;
    while (pace.goes_on()) {
        if (under_way.size() + what.batch > what.concurrency) {
            done.wait();
        } else {
            auto const begun = SteadyClock::now();
            store.begin();
            for (std::uint32_t i = 0; i < what.batch; ++i, ++n)
                under_way.push_back({n, store.insert(n), begun});
            store.commit();
            work.ring();
        }
        collect(store, under_way, pace);
    }
    say(pace.sample().line());
}

Part const part{"raw.sqlite.end_to_end", ask_for_a_while};

}  // namespace

Sample measure_end_to_end(Case const& what) {
    return measure_in("raw.sqlite.end_to_end", worker_part, what);
}

}  // namespace bench::raw
