// SPDX-License-Identifier: MIT
// The loop that takes outcomes to the broker, in batches, for as long as it takes.
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/run.hpp"
#include "worker/shared.hpp"

#include <cohort/log.hpp>

#include <iterator>

namespace cohort {

namespace {

void count_verdict(Worker::Shared& shared, Settlement const& settlement, Verdict verdict) {
    if (settlement.kind == SettleKind::note) return;
    if (verdict == Verdict::fenced) {
        shared.count(&WorkerStats::fenced);
        if (settlement.kind == SettleKind::released) return;
        log(LogLevel::warn,
            "job " + to_string(settlement.ref) + " ended after its lease was lost; its outcome was refused");
        return;
    }
    switch (settlement.kind) {
    case SettleKind::succeeded:
        return shared.count(&WorkerStats::succeeded);
    case SettleKind::retry:
        return shared.count(&WorkerStats::retried);
    case SettleKind::failed:
        return shared.count(&WorkerStats::failed);
    case SettleKind::cancelled:
        return shared.count(&WorkerStats::cancelled);
    case SettleKind::released:
        return shared.count(&WorkerStats::released);
    case SettleKind::note:
        return;
    }
}

void count_times(Worker::Shared& shared, std::vector<Outgoing> const& batch) {
    std::lock_guard lock{shared.mutex};
    for (auto const& outgoing : batch) {
        if (!outgoing.run) continue;
        shared.stats.waited += outgoing.run->waited();
        shared.stats.ran += outgoing.run->took();
    }
}

}  // namespace

awaitable<void> settle_jobs(std::shared_ptr<Worker::Shared> shared, Line& line) {
    std::uint32_t failures = 0;
    for (;;) {
        std::vector<Outgoing> batch = line.take(Front::most_per_call);
        if (batch.empty()) {
            co_await line.filled.wait();
            continue;
        }
        std::vector<Settlement> settlements;
        settlements.reserve(batch.size());
        for (auto const& outgoing : batch)
            settlements.push_back(outgoing.settlement);
        std::vector<Verdict> verdicts;
        std::exception_ptr trouble;
        try {
            verdicts = co_await shared->front.settle(std::move(settlements));
        } catch (...) {
            trouble = std::current_exception();
        }
        if (trouble) {
            // The same token again is accepted again, so a lost answer does no harm.
            line.put_back(std::move(batch));
            if (io::is_aborted(trouble)) co_return;
            report(*shared, "settling", trouble, ++failures);
            co_await io::sleep_for(pause_after_trouble(*shared, failures));
            continue;
        }
        failures = 0;
        count_times(*shared, batch);
        bool freed = false;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            count_verdict(*shared, batch[i].settlement, verdicts[i]);
            if (!batch[i].run) continue;
            shared->free_slot(*batch[i].run);
            freed = true;
        }
        if (freed) shared->slot_free.wake();
        line.delivered(batch.size());
        if (shared->is_flushed()) shared->flushed.wake();
    }
}

}  // namespace cohort
