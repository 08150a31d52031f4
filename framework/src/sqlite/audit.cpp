// SPDX-License-Identifier: MIT
// The invariants of the store, checked by looking at every job.
#include "sqlite/inspect.hpp"

#include <array>
#include <string>

namespace cohort::sqlite {
namespace {

struct Rule {
    char const* condition;  // of a job `j` that breaks it; its places are r, l, n and e
    char const* sentence;
};

#define COHORT_RECORD_VERSION "1"
static_assert(record_version == 1);

constexpr std::array rules = {
    Rule{"(r.seq IS NOT NULL) + (l.seq IS NOT NULL) + (n.seq IS NOT NULL) + (e.seq IS NOT NULL) <> 1",
         "is not in exactly one of ready, later, running and ended"},
    Rule{"l.state NOT IN (0, 3) OR e.state NOT IN (4, 5, 6, 7)", "is in a state that does not belong there"},
    Rule{"j.record_version NOT BETWEEN 1 AND " COHORT_RECORD_VERSION,
         "was written by a later version of Cohort"},
    Rule{"l.queue <> j.queue OR n.queue <> j.queue OR e.queue <> j.queue", "is in two queues"},
    Rule{"e.state <> 4 AND e.result IS NOT NULL", "has a result and has not succeeded"},
    Rule{"(j.unique_key IS NOT NULL AND e.seq IS NULL) <> (k.seq IS NOT NULL)", "holds a wrong unique key"},
    Rule{"(j.expires IS NOT NULL AND coalesce(p.generation, 0) = 0 AND (r.seq IS NOT NULL OR l.state = 0) "
         "AND coalesce(p.attempt, 0) = 0) <> (x.seq IS NOT NULL)",
         "would expire at a wrong time"},
};

// Rows of jobs that are not there.
constexpr std::array tables = {"jobs_ready", "jobs_later",    "jobs_running", "jobs_ended",
                               "jobs_past",  "jobs_expiring", "jobs_keys"};

constexpr int most_per_rule = 20;

}  // namespace

Progress Audit::step(Session& session) {
    faults.clear();
    for (auto const& rule : rules) {
        Statement find{
            session.database().handle(),
            std::string{
                "SELECT q.name || '/' || j.id FROM jobs j JOIN queues q ON q.id = j.queue "
                "LEFT JOIN jobs_past p ON p.seq = j.seq LEFT JOIN jobs_running n ON n.seq = j.seq "
                "LEFT JOIN jobs_ended e ON e.seq = j.seq "
                "LEFT JOIN jobs_later l ON l.queue = j.queue AND l.due = coalesce(p.due, j.due) AND l.seq = "
                "j.seq "
                "LEFT JOIN jobs_ready r ON r.queue = j.queue AND r.rank = -j.priority "
                "AND r.due = coalesce(p.due, j.due) AND r.seq = j.seq "
                "LEFT JOIN jobs_expiring x ON x.queue = j.queue AND x.expires = j.expires AND x.seq = j.seq "
                "LEFT JOIN jobs_keys k ON k.queue = j.queue AND k.unique_key = j.unique_key AND k.seq = "
                "j.seq "
                "WHERE q.namespace = ? AND ("} +
                rule.condition + ") LIMIT " + std::to_string(most_per_rule)};
        find.bind(std::string_view{session.config().space});
        while (find.step())
            faults.push_back("job " + find.string(0) + " " + rule.sentence);
    }
    for (auto const* table : tables) {
        Statement find{session.database().handle(), std::string{"SELECT seq FROM "} + table +
                                                        " WHERE seq NOT IN (SELECT seq FROM jobs) LIMIT 20"};
        while (find.step())
            faults.push_back(std::string{"the table "} + table + " has job " + find.string(0) +
                             ", which does not exist");
    }
    Statement lost{session.database().handle(),
                   "SELECT id FROM jobs WHERE queue NOT IN (SELECT id FROM queues) LIMIT 20"};
    while (lost.step())
        faults.push_back("job " + lost.string(0) + " is in a queue that does not exist");

    // There may be more than was counted: writers store that some at a time.
    Statement miscounted{
        session.database().handle(),
        "SELECT q.name FROM queues q LEFT JOIN jobs_kept k ON k.queue = q.id WHERE q.namespace = ? "
        "AND (k.queue IS NULL OR k.jobs > (SELECT count(*) FROM jobs_ended e "
        "WHERE e.queue = q.id AND (e.state = 4) = k.succeeded) "
        "OR k.bytes > (SELECT coalesce(sum(e.bytes), 0) FROM jobs_ended e "
        "WHERE e.queue = q.id AND (e.state = 4) = k.succeeded))"};
    miscounted.bind(std::string_view{session.config().space});
    while (miscounted.step())
        faults.push_back("queue " + miscounted.string(0) + " counts its ended jobs wrongly");

    Statement whole{session.database().handle(), "PRAGMA integrity_check(20)"};
    while (whole.step()) {
        if (whole.text(0) != "ok") faults.push_back("the file is damaged: " + whole.string(0));
    }
    return Progress::done;
}

}  // namespace cohort::sqlite
