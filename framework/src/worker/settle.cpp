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

void count_verdict(WorkerStats& stats, SettleKind kind, Verdict verdict) {
    if (verdict == Verdict::fenced && kind != SettleKind::note) {
        ++stats.fenced;
        return;
    }
    switch (kind) {
    case SettleKind::succeeded:
        ++stats.succeeded;
        return;
    case SettleKind::retry:
        ++stats.retried;
        return;
    case SettleKind::failed:
        ++stats.failed;
        return;
    case SettleKind::cancelled:
        ++stats.cancelled;
        return;
    case SettleKind::released:
        ++stats.released;
        return;
    case SettleKind::note:
        return;
    }
}

void report_fenced(Worker::Shared const& shared, Settlement const& settlement) {
    if (settlement.kind == SettleKind::note || settlement.kind == SettleKind::released) return;
    shared.log(LogLevel::warn, "job " + to_string(settlement.ref) +
                                   " ended after its lease was lost; its outcome was refused");
}

// The broker has answered for all of them. True when that has made a slot free.
bool note_answers(Worker::Shared& shared, std::vector<Outgoing> const& batch,
                  std::vector<Verdict> const& verdicts) {
    {
        std::lock_guard lock{shared.mutex};
        for (std::size_t i = 0; i < batch.size(); ++i) {
            count_verdict(shared.stats, batch[i].settlement.kind, verdicts[i]);
            auto const* const run = batch[i].run.get();
            if (run == nullptr) continue;
            shared.stats.waited += run->waited();
            shared.stats.ran += run->took();
            if (shared.room.lone_run == run) shared.room.lone_run = nullptr;
        }
    }
    bool freed = false;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (verdicts[i] == Verdict::fenced) report_fenced(shared, batch[i].settlement);
        if (!batch[i].run) continue;
        shared.runs.remove(*batch[i].run);
        freed = true;
    }
    return freed;
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
        bool const freed = note_answers(*shared, batch, verdicts);
        if (freed) shared->slot_free.wake();
        line.delivered(batch.size());
        if (shared->is_flushed()) shared->flushed.wake();
    }
}

}  // namespace cohort
