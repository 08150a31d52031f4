// SPDX-License-Identifier: MIT
// Finding, changing and removing single jobs: what all verbs but the hot paths are made of.
#pragma once

#include "sqlite/session.hpp"

#include <cohort/state.hpp>

#include <optional>
#include <string_view>

namespace cohort::sqlite {

// The job as it is stored, with its queue's name; nothing when it is unknown. One whose retention has ended
// counts as unknown, although upkeep may not have removed it yet.
std::optional<Row> find_job(Session& session, JobRef const& ref);

// Has the job's retention ended?
bool is_forgotten(JobRecord const& record, Instant now) noexcept;

// In a transaction: writes back what a transition has changed, or removes the job when nothing of it is to be
// kept; notes whom that concerns. `before` is the state that the row was read with.
void save_job(Session& session, Row const& row, JobState before);

// "SELECT seq FROM …": the jobs of a queue that are in that state. `queue` is an expression for its number.
std::string select_seqs(JobState state, std::string_view queue);

// A new job, or one that waits again: into `ready` or `later`.
void add_waiting(Session& session, std::int64_t queue, std::int64_t seq, JobRecord const& record);
// It waits no longer for a first run that would have to begin in time.
void remove_expiring(Session& session, Row const& row);

// In a transaction: T2 for the first `most` of what has fallen due. Says how many.
std::uint32_t promote_due(Session& session, std::int64_t queue, std::int64_t most);

void remove_job(Session& session, std::int64_t seq);

// In a transaction: the job has reached its end, or waits for a worker.
void note_effects(Session& session, std::int64_t queue, JobRecord const& record, JobState before);

}  // namespace cohort::sqlite
