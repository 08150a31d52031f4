// SPDX-License-Identifier: MIT
#include "sqlite/jobs.hpp"

#include <algorithm>

namespace cohort::sqlite {

std::optional<Row> find_job(Session& session, JobRef const& ref) {
    auto const queue = session.find_queue(ref.queue);
    if (!queue) return std::nullopt;
    static std::string const sql = "SELECT " + row_columns() + " FROM jobs WHERE queue = ? AND id = ?";
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

void save_job(Session& session, Row const& row, JobState before) {
    if (is_forgotten(row.record, session.now())) {
        remove_job(session, row.seq);
    } else {
        static std::string const sql =
            "UPDATE jobs SET " + std::string{changing_columns()} + " WHERE seq = ?";
        Statement& update = session.prepare(sql);
        bind_changing(update, row.record);
        update.bind(row.seq).run();
    }
    note_effects(session, row.queue, row.record, before);
}

void remove_job(Session& session, std::int64_t seq) {
    static std::string const sql = "DELETE FROM jobs WHERE seq = ?";
    session.prepare(sql).bind(seq).run();
}

void note_effects(Session& session, std::int64_t queue, JobRecord const& record, JobState before) {
    if (is_terminal(record.state)) {
        if (!is_terminal(before) && !record.client.empty())
            session.effects.ended[record.client].push_back(record.ref);
        return;
    }
    // A job that falls due later concerns waiting claims too: they end at the next due time that they know.
    if (record.state == JobState::running) return;
    auto& claimable = session.effects.claimable;
    if (std::find(claimable.begin(), claimable.end(), queue) == claimable.end()) claimable.push_back(queue);
}

}  // namespace cohort::sqlite
