// SPDX-License-Identifier: MIT
#include "sqlite/reads.hpp"

#include "sqlite/jobs.hpp"

namespace cohort::sqlite {

Progress Status::step(Session& session) {
    records.clear();
    for (auto const& ref : refs_) {
        auto row = find_job(session, ref);
        if (row)
            records.emplace_back(std::move(row->record));
        else
            records.emplace_back();
    }
    return Progress::done;
}

Progress Results::step(Session& session) {
    endings.clear();
    for (auto const& ref : refs_)
        endings.push_back(read_ending(session, ref));
    return Progress::done;
}

Ending read_ending(Session& session, JobRef const& ref) {
    Ending ending;
    ending.known = false;
    auto const queue = session.find_queue(ref.queue);
    if (!queue) return ending;
    static std::string const sql =
        "SELECT e.state, e.attempt, e.result, p.reason, p.error FROM jobs j "
        "LEFT JOIN jobs_ended e ON e.seq = j.seq LEFT JOIN jobs_past p ON p.seq = j.seq AND e.state <> 4 "
        "WHERE j.queue = ?1 AND j.id = ?2 AND (e.forget IS NULL OR e.forget > ?3)";
    Use const find{session.prepare(sql)};
    find->bind(*queue).bind(std::string_view{ref.id}).bind(session.now());
    if (!find->step()) return ending;
    ending.known = true;
    if (find->is_null(0)) {
        if (auto const row = find_job(session, ref)) ending.state = row->record.state;
        return ending;
    }
    ending.state = ended_state(*find, 0);
    if (static_cast<std::int64_t>(ending.state) != find->integer(0)) {
        if (auto row = find_job(session, ref)) ending.error = std::move(row->record.error);
        ending.reason = FailReason::corrupt_state;
        return ending;
    }
    ending.attempt = static_cast<std::uint32_t>(find->integer(1));
    ending.result = find->text(2);
    ending.reason = reason_of(find->integer(3));
    ending.error = find->text(4);
    return ending;
}

}  // namespace cohort::sqlite
