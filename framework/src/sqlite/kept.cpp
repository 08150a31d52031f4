// SPDX-License-Identifier: MIT
#include "sqlite/kept.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace cohort::sqlite {
namespace {

struct Kept {
    std::int64_t jobs = 0;
    std::int64_t bytes = 0;
    EndedLimits const& limits;

    // Below 0 only where somebody has changed rows by hand.
    bool is_surplus() const noexcept {
        return limits.are_exceeded(static_cast<std::uint64_t>(std::max<std::int64_t>(jobs, 0)),
                                   static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0)));
    }
};

Kept read_kept(Session& session, std::int64_t queue, bool succeeded) {
    static std::string const sql = "SELECT jobs, bytes FROM jobs_kept WHERE queue = ? AND succeeded = ?";
    Kept kept{.limits = session.config().limits};
    Use const read{session.prepare(sql)};
    read->bind(queue).bind(std::int64_t{succeeded});
    if (!read->step()) return kept;
    kept.jobs = read->integer(0);
    kept.bytes = read->integer(1);
    return kept;
}

// ended: those that go first. Each state by itself, along the index: not all of them, to be sorted.
std::string const& select_first(bool succeeded) {
    static std::string const of_successes =
        "SELECT seq, bytes FROM jobs_ended WHERE queue = ?1 AND state = 4 ORDER BY forget LIMIT ?2";
    static std::string const of_others = [] {
        std::string states;
        for (char const* state : {"5", "6", "7"}) {
            states +=
                std::string{states.empty() ? "" : " UNION ALL "} +
                "SELECT * FROM (SELECT seq, bytes, forget FROM jobs_ended WHERE queue = ?1 AND state = " +
                state + " ORDER BY forget LIMIT ?2)";
        }
        return "SELECT seq, bytes FROM (" + states + ") ORDER BY forget LIMIT ?2";
    }();
    return succeeded ? of_successes : of_others;
}

// The job whole, or what somebody has left of its end without the job.
void remove_ended(Session& session, std::int64_t seq) {
    static std::string const job = "DELETE FROM jobs WHERE seq = ?";
    static std::string const rest = "DELETE FROM jobs_ended WHERE seq = ?";
    if (session.prepare(job).bind(seq).run() == 0) session.prepare(rest).bind(seq).run();
}

}  // namespace

std::uint32_t forget_surplus(Session& session, std::int64_t queue, bool succeeded, std::uint32_t most) {
    Kept kept = read_kept(session, queue, succeeded);
    if (most == 0 || !kept.is_surplus()) return 0;
    std::vector<std::int64_t> found;
    {
        Use const next{session.prepare(select_first(succeeded))};
        next->bind(queue).bind(std::int64_t{most});
        while (kept.is_surplus() && next->step()) {
            found.push_back(next->integer(0));
            --kept.jobs;
            kept.bytes -= next->integer(1);
        }
    }
    for (auto const seq : found)
        remove_ended(session, seq);
    if (found.empty()) {
        // There is nothing, and it was counted wrongly: somebody has changed rows by hand.
        static std::string const sql =
            "UPDATE jobs_kept SET jobs = 0, bytes = 0 WHERE queue = ? AND succeeded = ?";
        session.prepare(sql).bind(queue).bind(std::int64_t{succeeded}).run();
    }
    return static_cast<std::uint32_t>(found.size());
}

}  // namespace cohort::sqlite
