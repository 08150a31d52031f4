// SPDX-License-Identifier: MIT
// The invariants of the store, checked by looking at every job.
#include "sqlite/inspect.hpp"

#include <array>
#include <string>

namespace cohort::sqlite {
namespace {

struct Rule {
    char const* condition;  // of a row that breaks it
    char const* sentence;
};

// That a job is in one place only, with one unique key, is the indexes' work; integrity_check proves them.
constexpr std::array rules = {
    Rule{"j.state NOT BETWEEN 0 AND 7", "is in a state that does not exist"},
    Rule{"j.state = 2 AND (j.incarnation IS NULL OR j.claim_no IS NULL)", "runs without a token"},
    Rule{"j.state = 2 AND j.started IS NULL", "runs and has never started"},
    Rule{"(j.state >= 4) <> (j.finished IS NOT NULL)", "has a wrong end time"},
    Rule{"j.state <> 4 AND j.result IS NOT NULL", "has a result and has not succeeded"},
    Rule{"j.state <> 2 AND j.cancel_requested <> 0", "is to be cancelled and does not run"},
    Rule{"j.state = 2 AND j.alarm IS NOT NULL", "runs and is looked at by upkeep"},
    Rule{"j.state = 1 AND j.alarm IS NOT j.expires", "waits and would expire at a wrong time"},
    Rule{"j.state NOT IN (1, 2) AND j.alarm IS NULL", "is never looked at by upkeep"},
};

constexpr int most_per_rule = 20;

}  // namespace

Progress Audit::step(Session& session) {
    faults.clear();
    for (auto const& rule : rules) {
        Statement find{
            session.database().handle(),
            std::string{"SELECT q.name || '/' || j.id, j.state FROM jobs j JOIN queues q ON q.id = j.queue "
                        "WHERE q.namespace = ? AND ("} +
                rule.condition + ") LIMIT " + std::to_string(most_per_rule)};
        find.bind(std::string_view{session.config().space});
        while (find.step()) {
            auto const state = find.integer(1);
            bool const known = state >= 0 && state < static_cast<std::int64_t>(std::size(all_states));
            faults.push_back(
                "job " + find.string(0) + " (" +
                (known ? std::string{to_string(static_cast<JobState>(state))} : std::to_string(state)) +
                ") " + rule.sentence);
        }
    }
    Statement lost{session.database().handle(),
                   "SELECT id FROM jobs WHERE queue NOT IN (SELECT id FROM queues) LIMIT 20"};
    while (lost.step())
        faults.push_back("job " + lost.string(0) + " is in a queue that does not exist");

    Statement whole{session.database().handle(), "PRAGMA integrity_check(20)"};
    while (whole.step()) {
        if (whole.text(0) != "ok") faults.push_back("the file is damaged: " + whole.string(0));
    }
    return Progress::done;
}

}  // namespace cohort::sqlite
