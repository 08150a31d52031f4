// SPDX-License-Identifier: MIT
// The loop that takes outcomes to the broker, in batches, for as long as it takes.
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/put_off.hpp"
#include "worker/run.hpp"
#include "worker/shared.hpp"

#include <cohort/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <string>
#include <utility>

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

// Names the job when it is this one outcome that the broker will not have, and not an outage.
void report_refusal(Worker::Shared& shared, std::vector<Outgoing> const& batch,
                    std::exception_ptr const& trouble, std::uint32_t failures) {
    auto const& first = batch.front();
    if (batch.size() > 1 || first.failures + 1 < failures)
        return report(shared, "settling", trouble, failures);
    report(shared, "settling job " + to_string(first.settlement.ref), trouble, first.failures + 1);
}

}  // namespace

awaitable<void> settle_jobs(std::shared_ptr<Worker::Shared> shared, Line& line) {
    auto const executor = co_await boost::asio::this_coro::executor;
    auto const pause = [&shared](std::uint32_t times) { return pause_after_trouble(*shared, times); };
    PutOff put_off;
    std::size_t most = Front::most_per_call;
    std::uint32_t failures = 0;
    for (;;) {
        if (!put_off.empty()) line.put_behind(put_off.take_due(io::steady_now(executor)));
        std::vector<Outgoing> batch = line.take(most);
        put_off.keep_company(batch);
        if (batch.empty()) {
            auto const next = put_off.next();
            if (next)
                co_await line.filled.wait_for(*next - io::steady_now(executor));
            else
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
            if (io::is_aborted(trouble)) co_return;
            report_refusal(*shared, batch, trouble, ++failures);
            // The same token again is accepted again, so a lost answer does no harm. It may be one of them
            // that the broker will not have: the others must not wait for it.
            put_off.add(std::move(batch), io::steady_now(executor), pause);
            most = 1;
            co_await io::sleep_for(pause_after_trouble(*shared, failures));
            continue;
        }
        most = std::min(2 * most, Front::most_per_call);
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
