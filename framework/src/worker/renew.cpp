// SPDX-License-Identifier: MIT
// The loop that keeps the lease: on a thread of its own, so that a busy job never looks dead.
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/run.hpp"
#include "worker/shared.hpp"

#include <cohort/log.hpp>

namespace cohort {

namespace {

// The broker counts more than we run: a claim's reply must have been lost. What came with a claim that we
// have had the answer of, and that we do not run, is handed back, and what came with none of ours; later
// claims may still be on their way to us.
void hand_back_strays(Worker::Shared& shared, Life const& life, std::vector<JobRecord> const& strays) {
    auto const last_asked = shared.current_life().last_claim + 1;
    for (auto const& job : strays) {
        if (!job.token || job.token->incarnation != life.incarnation) continue;
        if (job.token->claim > life.last_claim && job.token->claim <= last_asked) continue;
        if (shared.runs.holds(job.ref, *job.token)) continue;
        shared.log(LogLevel::warn, "job " + to_string(job.ref) +
                                       " was claimed for this worker but never arrived; it is handed back");
        Settlement settlement;
        settlement.ref = job.ref;
        settlement.token = *job.token;
        settlement.kind = SettleKind::released;
        shared.line.put(std::move(settlement));
    }
}

awaitable<void> beat(Worker::Shared& shared) {
    auto const life = shared.current_life();
    if (life.incarnation.empty()) co_return;
    Beat beat;
    beat.incarnation = life.incarnation;
    beat.held = shared.runs.held(life.incarnation, shared.options.queues);
    BeatReply const reply = co_await shared.beats.renew(std::move(beat));
    if (reply.retired) {
        shared.lose_life(life.incarnation);
        co_return;
    }
    for (auto const& ref : reply.cancel) {
        if (auto run = shared.runs.find(ref, life.incarnation)) run->stop(StopReason::cancelled);
    }
    hand_back_strays(shared, life, reply.strays);
}

}  // namespace

awaitable<void> renew_lease(std::shared_ptr<Worker::Shared> shared) {
    auto const interval = shared->options.heartbeat;
    std::uint32_t failures = 0;
    for (;;) {
        // After trouble sooner: the lease is running out, and brokers that were away give a third of it at
        // most.
        auto const pause =
            failures == 0 ? interval : std::min(interval / 4, pause_after_trouble(*shared, failures));
        co_await io::sleep_for(pause);
        std::exception_ptr trouble;
        try {
            co_await beat(*shared);
            failures = 0;
            shared->note_beat();
        } catch (...) {
            trouble = std::current_exception();
        }
        if (!trouble) continue;
        if (io::is_aborted(trouble)) co_return;
        report(*shared, "renewing the lease", trouble, ++failures);
    }
}

}  // namespace cohort
