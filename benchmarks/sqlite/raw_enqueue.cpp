// SPDX-License-Identifier: MIT
// Raw SQLite: one process inserts rows, as many in a transaction as the case says.
#include "sqlite/raw.hpp"
#include "sqlite/store.hpp"
#include "support/pace.hpp"
#include "support/parts.hpp"

#include <stdexcept>

namespace bench::raw {

namespace {

void insert_for_a_while(Case const& what) {
    Store store{what.folder, what.durability};
    Pace pace{what.seconds, [] { say("begin"); }};
    std::uint64_t n = 0;
    while (pace.goes_on()) {
        auto const begun = SteadyClock::now();
        store.begin();
        for (std::uint32_t i = 0; i < what.batch; ++i)
            store.insert(n++);
        store.commit();
        pace.done(begun, what.batch);
    }
    if (store.count("jobs") != n) throw std::runtime_error{"not all rows are stored"};
    say(pace.sample().line());
}

Part const part{"raw.sqlite.enqueue", insert_for_a_while};

}  // namespace

Sample measure_enqueue(Case const& what) {
    return measure_in("raw.sqlite.enqueue", what);
}

}  // namespace bench::raw
