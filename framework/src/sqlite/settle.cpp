// SPDX-License-Identifier: MIT
#include "sqlite/settle.hpp"

#include "sqlite/jobs.hpp"

#include <algorithm>
#include <optional>

namespace cohort::sqlite {
namespace {

constexpr std::size_t settlements_per_step = 64;

// jobs: T5 as cohort::settle makes it. Reads by the unique index on (queue, id), and writes by number in the
// same transaction, so the token that was compared is the one that is there. False: it is not that simple a
// case.
bool succeed(Session& session, Settlement const& settlement) {
    auto const queue = session.find_queue(settlement.ref.queue);
    if (!queue) return false;
    std::int64_t seq = 0;
    JobRecord ended;
    Duration keep{};
    {
        static std::string const sql =
            "SELECT seq, keep_result, client FROM jobs "
            "WHERE queue = ? AND id = ? AND state = 2 AND incarnation = ? AND claim_no = ?";
        Use const find{session.prepare(sql)};
        find->bind(*queue).bind(std::string_view{settlement.ref.id});
        find->bind(std::string_view{settlement.token.incarnation})
            .bind(static_cast<std::int64_t>(settlement.token.claim));
        if (!find->step()) return false;
        seq = find->integer(0);
        keep = Duration{find->integer(1)};
        ended.client = find->text(2);
    }
    if (keep <= Duration{0}) {
        remove_job(session, seq);
    } else {
        static std::string const sql =
            "UPDATE jobs SET state = 4, alarm = ?, finished = ?, cancel_requested = 0, "
            "reason = 0, error = NULL, result = ? WHERE seq = ?";
        session.prepare(sql)
            .bind(add(session.now(), keep))
            .bind(session.now())
            .bind_text_or_null(settlement.result)
            .bind(seq)
            .run();
    }
    if (!ended.client.empty()) session.effects.ended[ended.client].push_back(settlement.ref);
    return true;
}

}  // namespace

Settle::Settle(std::vector<Settlement> settlements) : settlements_{std::move(settlements)} {
    verdicts.reserve(settlements_.size());
}

Progress Settle::step(Session& session) {
    auto const end = std::min(settlements_.size(), verdicts.size() + settlements_per_step);
    while (verdicts.size() < end)
        verdicts.push_back(settle_one(session, settlements_[verdicts.size()]));
    return verdicts.size() == settlements_.size() ? Progress::done : Progress::more;
}

Verdict Settle::settle_one(Session& session, Settlement const& settlement) {
    bool const enlisted = session.is_enlisted(settlement.token.incarnation);
    if (enlisted && settlement.kind == SettleKind::succeeded && succeed(session, settlement))
        return Verdict::accepted;

    auto row = find_job(session, settlement.ref);
    if (!row) return Verdict::gone;
    JobState const before = row->record.state;
    // Its worker is retired, and upkeep has only not come round to it yet.
    if (before == JobState::running && !enlisted) return Verdict::fenced;
    Verdict const verdict = cohort::settle(row->record, settlement, session.now());
    bool const changed = verdict == Verdict::accepted && before == JobState::running;
    if (changed) save_job(session, *row, before);
    return verdict;
}

}  // namespace cohort::sqlite
