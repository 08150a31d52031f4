// SPDX-License-Identifier: MIT
#include "sqlite/jobs.hpp"

#include "base/ended_limits.hpp"
#include "sqlite/notice.hpp"

#include <algorithm>

namespace cohort::sqlite {
namespace {

bool may_expire(JobState state) noexcept {
    return state == JobState::scheduled || state == JobState::queued;
}

void bind_token(Statement& statement, JobRecord const& record) {
    if (record.token) {
        statement.bind(std::string_view{record.token->incarnation})
            .bind(static_cast<std::int64_t>(record.token->claim));
    } else {
        statement.bind_null().bind_null();
    }
}

}  // namespace

std::optional<Row> find_job(Session& session, JobRef const& ref) {
    auto const queue = session.find_queue(ref.queue);
    if (!queue) return std::nullopt;
    static std::string const sql = select_rows() + "WHERE j.queue = ? AND j.id = ?";
    Use const find{session.prepare(sql)};
    find->bind(*queue).bind(std::string_view{ref.id});
    if (!find->step()) return std::nullopt;
    Row row = read_row(*find);
    row.record.ref.queue = ref.queue;
    if (is_forgotten(row.record, session.now())) return std::nullopt;
    return row;
}

bool is_forgotten(JobRecord const& record, Instant now) noexcept {
    return is_terminal(record.state) && forget_at(record) <= now;
}

namespace {

// ready, later, running or ended: out of the one in which it was read ...
void leave_place(Session& session, Row const& row, JobState before) {
    static std::string const from_ready =
        "DELETE FROM jobs_ready WHERE queue = ? AND rank = ? AND due = ? AND seq = ?";
    static std::string const from_later = "DELETE FROM jobs_later WHERE queue = ? AND due = ? AND seq = ?";
    static std::string const from_running = "DELETE FROM jobs_running WHERE seq = ?";
    static std::string const from_ended = "DELETE FROM jobs_ended WHERE seq = ?";
    switch (before) {
    case JobState::queued:
        session.prepare(from_ready)
            .bind(row.queue)
            .bind(-row.record.priority)
            .bind(row.due)
            .bind(row.seq)
            .run();
        break;
    case JobState::scheduled:
    case JobState::retrying:
        session.prepare(from_later).bind(row.queue).bind(row.due).bind(row.seq).run();
        break;
    case JobState::running:
        session.prepare(from_running).bind(row.seq).run();
        break;
    default:
        session.prepare(from_ended).bind(row.seq).run();
    }
}

// ... and into that of its present state.
void enter_place(Session& session, Row const& row) {
    JobRecord const& record = row.record;
    switch (record.state) {
    case JobState::queued:
    case JobState::scheduled:
    case JobState::retrying:
        return add_waiting(session, row.queue, row.seq, record);
    case JobState::running:
        return;  // only claims begin a run
    default:
        break;
    }
    static std::string const sql =
        "INSERT OR REPLACE INTO jobs_ended (seq, queue, state, attempt, incarnation, claim_no, "
        "started, finished, forget, result, bytes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    auto const bytes = ended_bytes(record);
    Statement& insert = session.prepare(sql);
    insert.bind(row.seq)
        .bind(row.queue)
        .bind(static_cast<std::int64_t>(record.state))
        .bind(record.counters.attempt);
    bind_token(insert, record);
    insert.bind(record.started).bind(record.finished.value_or(session.now())).bind(forget_at(record));
    insert.bind_text_or_null(record.result).bind(static_cast<std::int64_t>(bytes)).run();
    session.count_ended(row.queue, record.state, bytes);
}

// past: written when there is something to be kept.
void save_past(Session& session, Row const& row) {
    JobRecord const& record = row.record;
    if (!needs_past(row)) {
        static std::string const sql = "DELETE FROM jobs_past WHERE seq = ?";
        if (row.has_past) session.prepare(sql).bind(row.seq).run();
        return;
    }
    static std::string const sql =
        "INSERT OR REPLACE INTO jobs_past (seq, due, attempt, failures, lost, released, generation, reason, "
        "incarnation, "
        "claim_no, started, error, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    Statement& insert = session.prepare(sql);
    insert.bind(row.seq).bind(record.due).bind(record.counters.attempt).bind(record.counters.failures);
    insert.bind(record.counters.lost).bind(record.counters.released).bind(record.generation);
    insert.bind(static_cast<std::int64_t>(record.reason));
    bind_token(insert, record);
    insert.bind(record.started).bind_text_or_null(record.error).bind_text_or_null(record.note).run();
}

// expiring and keys: what only waiting jobs, and jobs that are not over, have.
void save_limits(Session& session, Row const& row, JobState before) {
    JobRecord const& record = row.record;
    if (row.expires != never && may_expire(before) && !(may_expire(record.state) && record.expires != never))
        remove_expiring(session, row);
    if (record.unique.empty() || is_terminal(before) == is_terminal(record.state)) return;
    if (!is_terminal(record.state)) {
        static std::string const sql =
            "INSERT OR REPLACE INTO jobs_keys (queue, unique_key, seq) VALUES (?, ?, ?)";
        session.prepare(sql).bind(row.queue).bind(std::string_view{record.unique}).bind(row.seq).run();
        return;
    }
    static std::string const sql = "DELETE FROM jobs_keys WHERE queue = ? AND unique_key = ? AND seq = ?";
    session.prepare(sql).bind(row.queue).bind(std::string_view{record.unique}).bind(row.seq).run();
}

}  // namespace

std::string select_seqs(JobState state, std::string_view queue) {
    std::string const of_queue = " WHERE queue = " + std::string{queue};
    std::string const of_state = " AND state = " + std::to_string(static_cast<int>(state));
    switch (state) {
    case JobState::queued:
        return "SELECT seq FROM jobs_ready" + of_queue;
    case JobState::running:
        return "SELECT seq FROM jobs_running" + of_queue;
    case JobState::scheduled:
    case JobState::retrying:
        return "SELECT seq FROM jobs_later" + of_queue + of_state;
    default:
        return "SELECT seq FROM jobs_ended" + of_queue + of_state;
    }
}

void add_waiting(Session& session, std::int64_t queue, std::int64_t seq, JobRecord const& record) {
    if (record.state == JobState::queued) {
        static std::string const sql =
            "INSERT OR IGNORE INTO jobs_ready (queue, rank, due, seq) VALUES (?, ?, ?, ?)";
        session.prepare(sql).bind(queue).bind(-record.priority).bind(record.due).bind(seq).run();
        return;
    }
    static std::string const sql =
        "INSERT OR REPLACE INTO jobs_later (queue, due, seq, state) VALUES (?, ?, ?, ?)";
    session.prepare(sql)
        .bind(queue)
        .bind(record.due)
        .bind(seq)
        .bind(static_cast<std::int64_t>(record.state))
        .run();
}

void remove_expiring(Session& session, Row const& row) {
    static std::string const sql = "DELETE FROM jobs_expiring WHERE queue = ? AND expires = ? AND seq = ?";
    session.prepare(sql).bind(row.queue).bind(row.expires).bind(row.seq).run();
}

void save_job(Session& session, Row const& row, JobState before) {
    JobRecord const& record = row.record;
    if (is_forgotten(record, session.now())) {
        remove_job(session, row.seq);
    } else {
        if (record.state != before) {
            leave_place(session, row, before);
            enter_place(session, row);
        } else if (record.state == JobState::running) {
            static std::string const sql = "UPDATE jobs_running SET cancel_requested = ? WHERE seq = ?";
            session.prepare(sql).bind(std::int64_t{record.cancel_requested}).bind(row.seq).run();
        }
        save_past(session, row);
        save_limits(session, row, before);
    }
    note_effects(session, row.queue, record, before);
}

// later, ready. The look keeps the common case, in which there is nothing, free of writing.
std::uint32_t promote_due(Session& session, std::int64_t queue, std::int64_t most) {
    static std::string const look = "SELECT EXISTS (SELECT 1 FROM jobs_later WHERE queue = ? AND due <= ?)";
    {
        Use const find{session.prepare(look)};
        find->bind(queue).bind(session.now());
        if (!find->step() || find->integer(0) == 0) return 0;
    }
    static std::string const enter =
        "INSERT OR IGNORE INTO jobs_ready (queue, rank, due, seq) SELECT l.queue, -j.priority, l.due, l.seq "
        "FROM (SELECT queue, due, seq FROM jobs_later WHERE queue = ? AND due <= ? ORDER BY due, seq LIMIT "
        "?) l "
        "CROSS JOIN jobs j ON j.seq = l.seq";
    session.prepare(enter).bind(queue).bind(session.now()).bind(most).run();
    static std::string const leave =
        "DELETE FROM jobs_later WHERE (queue, due, seq) IN (SELECT queue, due, seq FROM jobs_later "
        "WHERE queue = ? AND due <= ? ORDER BY due, seq LIMIT ?)";
    return static_cast<std::uint32_t>(
        session.prepare(leave).bind(queue).bind(session.now()).bind(most).run());
}

void remove_job(Session& session, std::int64_t seq) {
    static std::string const sql = "DELETE FROM jobs WHERE seq = ?";
    session.prepare(sql).bind(seq).run();
}

void note_effects(Session& session, std::int64_t queue, JobRecord const& record, JobState before) {
    if (is_terminal(record.state)) {
        if (is_terminal(before) || record.client.empty()) return;
        auto& lines = session.effects.ended[record.client];
        if (record.state == JobState::succeeded)
            write_success(lines, record.ref, record.counters.attempt, record.result);
        else
            write_notice(lines, record.ref);
        return;
    }
    // A job that falls due later concerns waiting claims too: they end at the next due time that they know.
    if (record.state == JobState::running) return;
    auto& claimable = session.effects.claimable;
    if (std::find(claimable.begin(), claimable.end(), queue) == claimable.end()) claimable.push_back(queue);
}

}  // namespace cohort::sqlite
