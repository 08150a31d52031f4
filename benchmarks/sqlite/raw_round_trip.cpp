// SPDX-License-Identifier: MIT
// Raw SQLite: a client process inserts one row, rings, and reads its result when the worker process has rung.
#include "jobs.hpp"
#include "sqlite/doorbell.hpp"
#include "sqlite/raw.hpp"
#include "sqlite/raw_worker.hpp"
#include "sqlite/store.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

namespace bench::raw {

namespace {

void ask_for_a_while(Case const& what) {
    Store store{what.folder, what.durability};
    Doorbell const work{what.folder, "work"};
    Doorbell done{what.folder, "done"};
    done.watch();
    Pace pace{what.seconds, [] { say("begin"); }};
    for (std::uint64_t n = 0; pace.goes_on(); ++n) {
        auto const begun = SteadyClock::now();
        store.begin();
        auto const seq = store.insert(n);
        store.commit();
        work.ring();
        int got = 0;
        while (!store.result(seq, got))
            done.wait();
        check(n, got);
        pace.done(begun);
    }
    say(pace.sample().line());
}

Part const part{"raw.sqlite.round_trip", ask_for_a_while};

}  // namespace

Sample measure_round_trip(Case const& what) {
    return measure_in("raw.sqlite.round_trip", worker_part, what);
}

}  // namespace bench::raw
