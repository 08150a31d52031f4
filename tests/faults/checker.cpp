// SPDX-License-Identifier: MIT
#include "faults/checker.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace faults {

namespace {

struct Run {
    cohort::Duration at{};
    int attempt = 0;
    std::string token;
    std::string worker;
    std::string result;  // "" = it has not returned
};

// What the ledger says of one job.
struct Story {
    std::string promise;  // invoke, ok, fail or info
    bool was_promised = false;
    bool is_awaited = false;
    bool was_got = false;
    std::vector<Run> runs;
    std::size_t ends = 0;
    std::set<std::string> accepted;  // tokens of accepted ends
    std::set<std::string> told;      // attempts whose end the client was told
};

struct Fault {
    cohort::Duration at{};
    std::string worker;
};

class Judge {
public:
    Judge(std::vector<Event> const& events, Store& store) : fences_{store.fences()} {
        for (auto const& event : events)
            read(event);
        for (auto& job : store.read())
            stored_.emplace(job.id, std::move(job));
        for (auto const& change : store.changes())
            read(change);
        for (auto const& sentence : store.damage())
            verdicts_.complaints.push_back("damage: " + sentence);
    }

    Verdicts decide() {
        for (auto const& [id, story] : stories_)
            decide(id, story);
        for (auto const& [id, job] : stored_) {
            if (!is_terminal(job.state))
                blame(verdicts_.stuck, id, "is still " + std::string{to_string(job.state)});
            if (!stories_.contains(id)) blame(verdicts_.phantoms, id, "was never asked for");
        }
        for (auto const& fault : faults_)
            measure(fault);
        return std::move(verdicts_);
    }

private:
    void read(Event const& event) {
        auto const& words = event.words;
        if (event.what == "fault") {
            faults_.push_back({event.at, words.at(1)});
        } else if (event.what == "hung") {
            blame(verdicts_.hung, "a wait", "outlived its limit");
        } else if (event.what == "stats" || event.what == "wait_ended") {
            return;
        } else {
            read(event, stories_[words.at(0)]);
        }
    }

    void read(Event const& event, Story& story) {
        auto const& words = event.words;
        if (event.what == "invoke" || event.what == "ok" || event.what == "fail" || event.what == "info") {
            story.promise = event.what;
            story.was_promised = story.was_promised || event.what == "ok";
        } else if (event.what == "await") {
            story.is_awaited = true;
        } else if (event.what == "got") {
            story.was_got = true;
            if (words.size() > 2) story.told.insert(words[2]);
        } else if (event.what == "start") {
            story.runs.push_back({event.at, std::stoi(words.at(1)), words.at(2), words.at(3), {}});
        } else if (event.what == "end" || event.what == "stop") {
            if (event.what == "end") ++story.ends;
            for (auto& run : story.runs) {
                if (run.token == words.at(2) && event.what == "end") run.result = words.at(4);
            }
        } else if (event.what == "commit") {
            bool const is_end =
                words.at(1) == "succeeded" || words.at(1) == "failed" || words.at(1) == "cancelled";
            if (is_end && words.at(2) == "accepted") story.accepted.insert(words.at(3));
        }
    }

    // The store's own history: each generation of a job ends once, by a legal step.
    void read(Change const& change) {
        static std::set<std::pair<int, int>> const legal{
            {0, 1}, {3, 1}, {1, 2}, {2, 1}, {2, 0}, {2, 3}, {2, 4}, {2, 5}, {2, 6},
            {0, 6}, {1, 6}, {3, 6}, {0, 7}, {1, 7}, {5, 1}, {6, 1}, {7, 1}, {2, 9},
            {4, 9}, {5, 9}, {6, 9}, {7, 9}, {0, 9}, {1, 9}, {3, 9}};
        if (!legal.contains({change.from, change.to})) {
            blame(verdicts_.overruns, change.id,
                  "went from state " + std::to_string(change.from) + " to " + std::to_string(change.to));
        }
        bool const is_end = change.from < 4 && change.to >= 4;
        if (is_end && !ended_.insert({change.id, change.generation}).second)
            blame(verdicts_.double_commits, change.id, "ended twice");
    }

    void decide(std::string const& id, Story const& story) {
        auto const found = stored_.find(id);
        StoredJob const* const job = found == stored_.end() ? nullptr : &found->second;
        if (story.was_promised) {
            ++verdicts_.jobs;
            bool const ended = ended_.contains({id, 0}) || !story.accepted.empty();
            if (job == nullptr && !ended) blame(verdicts_.lost, id, "is not in the store");
        }
        if (!story.runs.empty() && (story.promise.empty() || story.promise == "fail"))
            blame(verdicts_.phantoms, id, "ran, and was not stored for its client");
        verdicts_.duplicates += story.ends > 1 ? story.ends - 1 : 0;
        if (story.is_awaited && !story.was_got) blame(verdicts_.hung, id, "was awaited and never came");
        check_commits(id, story, job);
        check_result(id, story, job);
        check_runs(id, story, job);
    }

    void check_commits(std::string const& id, Story const& story, StoredJob const* job) {
        if (!fences_) {
            if (story.told.size() > 1)
                blame(verdicts_.double_commits, id, "was told to have ended in two runs");
            return;
        }
        bool const others = job != nullptr && !job->token.empty() && is_terminal(job->state) &&
                            !story.accepted.empty() && !story.accepted.contains(job->token);
        if (story.accepted.size() > 1 || others)
            blame(verdicts_.double_commits, id, "was accepted from two runs");
    }

    void check_result(std::string const& id, Story const& story, StoredJob const* job) {
        constexpr std::size_t longest = 1000;  // those that are made large to be large are not compared
        if (job == nullptr || job->state != cohort::JobState::succeeded || job->result.size() > longest)
            return;
        for (auto const& run : story.runs) {
            if (run.token == job->token && job->result != '"' + run.result + '"')
                blame(verdicts_.wrong_results, id, "has the result " + job->result);
        }
    }

    void check_runs(std::string const& id, Story const& story, StoredJob const* job) {
        if (job != nullptr) {
            auto const most = 1 + job->max_retries + job->max_lost + job->counters.released;
            if (story.runs.size() > most)
                blame(verdicts_.overruns, id, "ran " + std::to_string(story.runs.size()) + " times");
        }
        // Not in their order: a worker that wakes late may begin what others have ended, and be refused.
        std::set<int> attempts;
        for (auto const& run : story.runs) {
            if (!attempts.insert(run.attempt).second && fences_)
                blame(verdicts_.overruns, id, "attempt " + std::to_string(run.attempt) + " began twice");
        }
    }

    // From the fault to the next start of each job that its worker was running.
    void measure(Fault const& fault) {
        for (auto const& [id, story] : stories_) {
            for (std::size_t i = 0; i + 1 < story.runs.size(); ++i) {
                auto const& run = story.runs[i];
                if (run.worker != fault.worker || run.at > fault.at || story.runs[i + 1].at < fault.at)
                    continue;
                verdicts_.recovery = std::max(verdicts_.recovery, story.runs[i + 1].at - fault.at);
            }
        }
    }

    void blame(std::size_t& count, std::string const& id, std::string const& what) {
        if (++count <= 10) verdicts_.complaints.push_back(id + " " + what);
    }

    bool const fences_;
    std::map<std::string, Story> stories_;
    std::map<std::string, StoredJob> stored_;
    std::set<std::pair<std::string, std::uint32_t>> ended_;
    std::vector<Fault> faults_;
    Verdicts verdicts_;
};

}  // namespace

Verdicts judge(std::vector<Event> const& events, Store& store) {
    return Judge{events, store}.decide();
}

}  // namespace faults
