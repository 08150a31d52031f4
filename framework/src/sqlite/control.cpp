// SPDX-License-Identifier: MIT
#include "sqlite/control.hpp"

#include "sqlite/jobs.hpp"

#include <algorithm>

namespace cohort::sqlite {
namespace {

constexpr std::size_t refs_per_step = 64;

CancelVerdict cancel_one(Session& session, JobRef const& ref) {
    auto row = find_job(session, ref);
    if (!row || row->is_newer) return CancelVerdict::unknown;
    JobState const before = row->record.state;
    if (!cancel(row->record, session.now())) return CancelVerdict::finished;
    save_job(session, *row, before);
    return before == JobState::running ? CancelVerdict::requested : CancelVerdict::cancelled;
}

bool forget_one(Session& session, JobRef const& ref) {
    auto const row = find_job(session, ref);
    if (!row || row->is_newer || !is_terminal(row->record.state)) return false;
    remove_job(session, row->seq);
    return true;
}

}  // namespace

Progress Forget::step(Session& session) {
    auto const end = std::min(refs_.size(), done.size() + refs_per_step);
    while (done.size() < end)
        done.push_back(forget_one(session, refs_[done.size()]));
    return done.size() == refs_.size() ? Progress::done : Progress::more;
}

Progress Cancel::step(Session& session) {
    auto const end = std::min(refs_.size(), verdicts.size() + refs_per_step);
    while (verdicts.size() < end)
        verdicts.push_back(cancel_one(session, refs_[verdicts.size()]));
    return verdicts.size() == refs_.size() ? Progress::done : Progress::more;
}

}  // namespace cohort::sqlite
