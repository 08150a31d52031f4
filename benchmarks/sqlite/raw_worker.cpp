// SPDX-License-Identifier: MIT
#include "sqlite/raw_worker.hpp"

#include "sqlite/doorbell.hpp"
#include "sqlite/store.hpp"
#include "support/parts.hpp"

#include <atomic>
#include <thread>

namespace bench::raw {

namespace {

void serve(Case const& what, Doorbell const& work, std::atomic<bool> const& stopping) {
    Store store{what.folder, what.durability};
    Doorbell const done{what.folder, "done"};
    std::vector<Claimed> claimed;
    while (!stopping) {
        if (!store.has_waiting()) {  // reads, and takes no lock
            work.wait();
            continue;
        }
        store.begin();
        store.claim(what.batch, claimed);
        store.commit();
        while (!claimed.empty()) {
            store.begin();
            for (auto const& job : claimed)
                store.finish(job);
            claimed.clear();
            if (what.batch > 1) store.claim(what.batch, claimed);  // one at a time, there is no next one yet
            store.commit();
            done.ring();
        }
    }
}

void work_until_stopped(Case const& what) {
    Doorbell work{what.folder, "work"};
    work.watch();
    std::atomic<bool> stopping = false;
    std::thread thread{[&] { serve(what, work, stopping); }};
    say("ready");
    answer_until_stop();
    stopping = true;
    work.ring();
    thread.join();
}

Part const part{worker_part, work_until_stopped};

}  // namespace

}  // namespace bench::raw
