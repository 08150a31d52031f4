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
    // A terminal job's alarm is the end of its retention.
    static std::string const sql =
        "SELECT state, reason, attempt, result, error FROM jobs "
        "WHERE queue = ?1 AND id = ?2 AND (state < 4 OR alarm IS NULL OR alarm > ?3)";
    Use const find{session.prepare(sql)};
    find->bind(*queue).bind(std::string_view{ref.id}).bind(session.now());
    if (!find->step()) return ending;
    ending.known = true;
    ending.state = static_cast<JobState>(find->integer(0));
    if (!is_terminal(ending.state)) return ending;
    ending.reason = static_cast<FailReason>(find->integer(1));
    ending.attempt = static_cast<std::uint32_t>(find->integer(2));
    ending.result = find->text(3);
    ending.error = find->text(4);
    return ending;
}

}  // namespace cohort::sqlite
