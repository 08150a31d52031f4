// SPDX-License-Identifier: MIT
#include "sqlite/settle.hpp"

#include "sqlite/jobs.hpp"
#include "sqlite/notice.hpp"

#include <algorithm>
#include <optional>

namespace cohort::sqlite {
namespace {

constexpr std::size_t settlements_per_step = 64;

// running, ended: T5 as cohort::settle makes it, for a job in its first run that this process has claimed.
// The token is compared in the statement that ends the run. False: it is not that simple a case.
bool succeed(Session& session, Settlement const& settlement) {
    auto const* const held = session.held(settlement.ref);
    if (held == nullptr) return false;
    Session::Held const job = *held;
    session.let_go(settlement.ref);
    static std::string const leave =
        "DELETE FROM jobs_running WHERE seq = ? AND claim_no = ? AND incarnation = ?";
    auto const& token = settlement.token;
    auto const claim = static_cast<std::int64_t>(token.claim);
    if (session.prepare(leave).bind(job.seq).bind(claim).bind(std::string_view{token.incarnation}).run() == 0)
        return false;
    if (job.keep_result <= Duration{0}) {
        remove_job(session, job.seq);
    } else {
        static std::string const enter =
            "INSERT OR REPLACE INTO jobs_ended (seq, queue, state, attempt, incarnation, "
            "claim_no, started, finished, forget, result, bytes) "
            "VALUES (?, ?, 4, ?, ?, ?, ?, ?, ?, ?, ?)";
        auto const bytes = job.argument_bytes + settlement.result.size();
        session.prepare(enter)
            .bind(job.seq)
            .bind(job.queue)
            .bind(job.attempt)
            .bind(std::string_view{token.incarnation})
            .bind(claim)
            .bind(job.started)
            .bind(session.now())
            .bind(add(session.now(), job.keep_result))
            .bind_text_or_null(settlement.result)
            .bind(static_cast<std::int64_t>(bytes))
            .run();
        session.count_ended(job.queue, JobState::succeeded, bytes);
    }
    if (!job.client.empty()) {
        auto& lines = session.effects.ended[job.client];
        write_success(lines, settlement.ref, job.attempt, settlement.result);
    }
    return true;
}

}  // namespace

Settle::Settle(std::vector<Settlement> settlements) : settlements_{std::move(settlements)} {
    verdicts.reserve(settlements_.size());
}

Progress Settle::step(Session& session) {
    auto const end = std::min(settlements_.size(), verdicts.size() + settlements_per_step);
    while (verdicts.size() < end)
        verdicts.push_back(settle_one(session, verdicts.size()));
    return verdicts.size() == settlements_.size() ? Progress::done : Progress::more;
}

Verdict Settle::settle_one(Session& session, std::size_t index) {
    Settlement const& settlement = settlements_[index];
    bool const enlisted = session.is_enlisted(settlement.token.incarnation);
    bool const succeeds = settlement.kind == SettleKind::succeeded;
    if (enlisted && succeeds && !settlement.hook && succeed(session, settlement)) return Verdict::accepted;

    auto row = find_job(session, settlement.ref);
    if (!row) return Verdict::gone;
    JobState const before = row->record.state;
    // Its worker is retired, and upkeep has only not come round to it yet.
    if (before == JobState::running && !enlisted) return Verdict::fenced;
    if (row->is_newer) return Verdict::fenced;  // no run of ours
    bool const is_owner = before == JobState::running && row->record.token == settlement.token;
    Settlement final = is_owner && succeeds && settlement.hook ? call_hook(session, index) : settlement;
    Verdict const verdict = cohort::settle(row->record, std::move(final), session.now());
    bool const changed = verdict == Verdict::accepted && before == JobState::running;
    if (changed) save_job(session, *row, before);
    return verdict;
}

Settlement Settle::call_hook(Session& session, std::size_t index) {
    auto const& settlement = settlements_[index];
    session.let_go(settlement.ref);
    auto const earlier = failed_.find(index);
    if (earlier != failed_.end()) return settlement.hook->failed(earlier->second);
    try {
        auto const fault = session.guard().run(*settlement.hook);
        return fault ? settlement.hook->failed(fault) : settlement;
    } catch (Undone const& undone) {
        failed_[index] = undone.error;
        throw;
    }
}

}  // namespace cohort::sqlite
