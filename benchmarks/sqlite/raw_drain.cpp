// SPDX-License-Identifier: MIT
// Raw SQLite: one process claims what waits, deletes it and stores the results. A batch is finished in the
// transaction that claims the next one.
#include "jobs.hpp"
#include "sqlite/raw.hpp"
#include "sqlite/store.hpp"
#include "support/parts.hpp"
#include "support/rounds.hpp"
#include "support/usage.hpp"

namespace bench::raw {

namespace {

void drain(Case const& what) {
    Store store{what.folder, what.durability};
    store.begin();
    for (std::uint64_t n = 0; n < what.jobs; ++n)
        store.insert(n);
    store.commit();

    auto const begun = SteadyClock::now();
    Usage const from = used_so_far();
    std::vector<Claimed> claimed;
    do {
        store.begin();
        for (auto const& job : claimed)
            store.finish(job);
        claimed.clear();
        store.claim(what.batch, claimed);
        store.commit();
    } while (!claimed.empty());
    Sample sample;
    sample.seconds = std::chrono::duration<double>{SteadyClock::now() - begun}.count();
    sample.worker = between(from, used_so_far());
    sample.jobs = what.jobs;

    for (std::uint64_t n = 0; n < what.jobs; ++n) {
        int got = 0;
        store.result(static_cast<std::int64_t>(n) + 1, got);
        check(n, got);
    }
    say(sample.line());
}

Part const part{"raw.sqlite.drain", drain};

}  // namespace

Sample measure_drain(Case const& what) {
    return in_rounds(what, [](Case const& round) { return measure_in("raw.sqlite.drain", round); });
}

}  // namespace bench::raw
