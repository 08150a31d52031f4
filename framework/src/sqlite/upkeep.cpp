// SPDX-License-Identifier: MIT
#include "sqlite/upkeep.hpp"

#include "base/failpoint.hpp"
#include "sqlite/jobs.hpp"
#include "sqlite/kept.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace cohort::sqlite {
namespace {

// A life has ended when its lease has, or when the machine was started anew since its last beat.
#define COHORT_DEAD                                                                                          \
    "id IN (SELECT worker FROM served WHERE queue = ?1) AND (boot <> ?2 OR (beat + lease < ?3 AND ?4 + "     \
    "lease / 3 <= ?3))"
// Runs under no life: its worker was retired, or its row was damaged.
#define COHORT_ORPHANED                                                                                      \
    "n.queue = ?1 AND NOT EXISTS "                                                                           \
    "(SELECT 1 FROM workers w WHERE w.namespace = ?2 AND w.incarnation = n.incarnation)"

std::vector<Row> read_rows(Session& session, Statement& select) {
    std::vector<Row> rows;
    Use const use{select};
    while (select.step()) {
        Row row = read_row(select);
        if (row.is_newer) continue;  // a later version will see to it
        row.record.ref.queue = session.queue_name(row.queue);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

bool Upkeep::has_dead_workers(Session& session, std::int64_t queue) const {
    static std::string const sql = "SELECT EXISTS (SELECT 1 FROM workers WHERE " COHORT_DEAD ")";
    Use const look{session.prepare(sql)};
    look->bind(queue).bind(std::string_view{session.config().boot});
    look->bind(session.steady()).bind(std::max(woken_, session.unblocked));
    return look->step() && look->integer(0) != 0;
}

bool Upkeep::has_work(Session& session, std::int64_t queue) const {
    static std::string const sql =
        "SELECT EXISTS (SELECT 1 FROM jobs_later WHERE queue = ?1 AND due <= ?3) "
        "OR EXISTS (SELECT 1 FROM jobs_expiring WHERE queue = ?1 AND expires < ?3) "
        "OR EXISTS (SELECT 1 FROM jobs_ended WHERE queue = ?1 AND state IN (4, 5, 6, 7) AND forget <= ?3) "
        "OR EXISTS (SELECT 1 FROM jobs_kept WHERE queue = ?1 AND (jobs > ?4 OR bytes > ?5)) "
        "OR EXISTS (SELECT 1 FROM jobs_running n WHERE " COHORT_ORPHANED ")";
    auto const& limits = session.config().limits;
    Use const look{session.prepare(sql)};
    look->bind(queue).bind(std::string_view{session.config().space}).bind(session.now());
    look->bind(static_cast<std::int64_t>(limits.jobs)).bind(static_cast<std::int64_t>(limits.bytes));
    return look->step() && look->integer(0) != 0;
}

Progress Upkeep::peek(Session& session) {
    for (auto const& name : params_.queues) {
        auto const queue = session.find_queue(name);
        if (!queue) continue;
        if (session.has_uncounted() || has_dead_workers(session, *queue) || has_work(session, *queue))
            return Progress::more;
    }
    return Progress::done;
}

Progress Upkeep::step(Session& session) {
    if (next_ < params_.queues.size()) {
        if (auto const queue = session.find_queue(params_.queues[next_])) {
            retire_dead(session, *queue);
            failpoint("reap.between_scan_and_move");
            recover(session, *queue);
            expire_late(session, *queue);
            promote(session, *queue);
            forget(session, *queue);
        }
        ++next_;
    }
    return next_ < params_.queues.size() ? Progress::more : Progress::done;
}

void Upkeep::keep() {
    kept_ = reply;
    kept_next_ = next_;
}

void Upkeep::rewind() {
    reply = kept_;
    next_ = kept_next_;
}

std::uint32_t Upkeep::count(std::uint32_t done) {
    if (done >= params_.limit) reply.more = true;
    return done;
}

// workers, served: the rows go, and with them every right to settle. What they ran elsewhere is for upkeep
// there.
void Upkeep::retire_dead(Session& session, std::int64_t queue) {
    static std::string const sql = "DELETE FROM workers WHERE " COHORT_DEAD;
    Statement& remove = session.prepare(sql);
    remove.bind(queue)
        .bind(std::string_view{session.config().boot})
        .bind(session.steady())
        .bind(std::max(woken_, session.unblocked))
        .run();
    session.forget_enlisted();
}

// T9, T10 and T11. Read and written in one transaction, so nobody settles between.
void Upkeep::recover(Session& session, std::int64_t queue) {
    static std::string const sql = select_rows("jobs_running n CROSS JOIN jobs j ON j.seq = n.seq") +
                                   "WHERE " COHORT_ORPHANED " LIMIT ?3";
    Statement& select = session.prepare(sql);
    select.bind(queue).bind(std::string_view{session.config().space}).bind(params_.limit);
    auto rows = read_rows(session, select);
    for (auto& row : rows) {
        lose(row.record, session.now());
        // One whose cancellation was requested has come to that end, and is neither.
        if (row.record.state == JobState::failed) ++reply.died;
        if (!is_terminal(row.record.state)) ++reply.recovered;
        save_job(session, row, JobState::running);
    }
    count(static_cast<std::uint32_t>(rows.size()));
}

// T14.
void Upkeep::expire_late(Session& session, std::int64_t queue) {
    static std::string const sql = select_rows("jobs_expiring x CROSS JOIN jobs j ON j.seq = x.seq") +
                                   "WHERE x.queue = ? AND x.expires < ? LIMIT ?";
    Statement& select = session.prepare(sql);
    select.bind(queue).bind(session.now()).bind(params_.limit);
    std::uint32_t done = 0;
    for (auto& row : read_rows(session, select)) {
        JobState const before = row.record.state;
        if (!expire(row.record, session.now())) continue;
        save_job(session, row, before);
        ++done;
    }
    reply.expired += count(done);
}

// T2.
void Upkeep::promote(Session& session, std::int64_t queue) {
    auto const promoted = promote_due(session, queue, params_.limit);
    if (promoted > 0) session.effects.claimable.push_back(queue);
    reply.promoted += count(promoted);
}

// T16. The job's rows in the other tables go with it.
void Upkeep::forget(Session& session, std::int64_t queue) {
    static std::string const sql =
        "DELETE FROM jobs WHERE seq IN (SELECT seq FROM jobs_ended WHERE queue = ? "
        "AND state IN (4, 5, 6, 7) AND forget <= ? LIMIT ?)";
    Statement& remove = session.prepare(sql);
    auto done = static_cast<std::uint32_t>(remove.bind(queue).bind(session.now()).bind(params_.limit).run());
    session.store_counts();
    for (bool const succeeded : {true, false})
        done += forget_surplus(session, queue, succeeded, params_.limit - done);
    reply.forgotten += count(done);
}

#undef COHORT_DEAD
#undef COHORT_ORPHANED

}  // namespace cohort::sqlite
