// SPDX-License-Identifier: MIT
// Operators' writing.
#include "sqlite/inspect.hpp"
#include "sqlite/jobs.hpp"
#include "sqlite/notice.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace cohort::sqlite {
namespace {

constexpr std::int64_t removed_per_step = 500;
constexpr std::size_t requeued_per_step = 64;

// keys: is the unique key of an ended job now held by another one?
bool is_key_taken(Session& session, Row const& row) {
    if (row.record.unique.empty()) return false;
    static std::string const sql = "SELECT 1 FROM jobs_keys WHERE queue = ? AND unique_key = ?";
    Use const find{session.prepare(sql)};
    find->bind(row.queue).bind(std::string_view{row.record.unique});
    return find->step();
}

bool requeue_one(Session& session, JobRef const& ref) {
    auto row = find_job(session, ref);
    if (!row || row->is_newer || is_key_taken(session, *row)) return false;
    JobState const before = row->record.state;
    if (!requeue(row->record, session.now())) return false;
    save_job(session, *row, before);
    return true;
}

// A statement for each state, since each is in another table.
std::string const& find_in(JobState state) {
    static auto const all = [] {
        std::array<std::string, std::size(all_states)> texts;
        for (auto const one : all_states) {
            texts[static_cast<std::size_t>(one)] = "SELECT j.seq, j.id, j.client FROM (" +
                                                   select_seqs(one, "?1") +
                                                   " LIMIT ?2) s CROSS JOIN jobs j ON j.seq = s.seq";
        }
        return texts;
    }();
    return all[static_cast<std::size_t>(state)];
}

}  // namespace

Progress Configure::step(Session& session) {
    Queue& queue = session.queue(queue_);
    static std::string const sql = "UPDATE queues SET max_length = ? WHERE id = ?";
    session.prepare(sql).bind(static_cast<std::int64_t>(options_.max_length)).bind(queue.id).run();
    queue.max_length = options_.max_length;
    queue.waiting.reset();
    return Progress::done;
}

Progress SetFlow::step(Session& session) {
    Queue& queue = session.queue(queue_);
    queue.paused = flow_ == Flow::paused;
    static std::string const sql = "UPDATE queues SET paused = ? WHERE id = ?";
    session.prepare(sql).bind(std::int64_t{queue.paused}).bind(queue.id).run();
    if (!queue.paused) session.effects.claimable.push_back(queue.id);
    return Progress::done;
}

// jobs: a part of those of each state in turn. A step that finds fewer than it may remove has found the last.
Progress Purge::step(Session& session) {
    auto const queue = session.find_queue(queue_);
    if (!queue) return Progress::done;
    std::vector<std::int64_t> found;
    for (auto const state : states_) {
        if (state == JobState::running) continue;
        auto const left = removed_per_step - static_cast<std::int64_t>(found.size());
        if (left == 0) break;
        Use const read{session.prepare(find_in(state))};
        read->bind(*queue).bind(left);
        while (read->step()) {
            found.push_back(read->integer(0));
            // Whoever awaits a job that had not ended learns that it is unknown now.
            if (is_terminal(state) || read->is_null(2)) continue;
            write_notice(session.effects.ended[read->string(2)], {queue_, read->string(1)});
        }
    }
    for (auto const seq : found)
        remove_job(session, seq);
    removed += found.size();
    return static_cast<std::int64_t>(found.size()) < removed_per_step ? Progress::done : Progress::more;
}

Progress Requeue::step(Session& session) {
    auto const end = std::min(refs_.size(), done.size() + requeued_per_step);
    while (done.size() < end)
        done.push_back(requeue_one(session, refs_[done.size()]));
    return done.size() == refs_.size() ? Progress::done : Progress::more;
}

}  // namespace cohort::sqlite
