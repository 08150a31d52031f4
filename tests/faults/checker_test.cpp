// SPDX-License-Identifier: MIT
// The judge itself: each verdict is given when it must be.
#include "faults/checker.hpp"

#include <cohort/id.hpp>

#include <catch2/catch.hpp>

#include <utility>

using namespace faults;

namespace {

class Fake : public Store {
public:
    std::vector<StoredJob> jobs;
    std::vector<Change> history;
    std::vector<std::string> wounds;
    bool is_fenced = true;

    std::shared_ptr<cohort::Broker> open() override { return nullptr; }
    std::unique_ptr<Hand> start_worker(WorkerSetup const&) override { return nullptr; }
    std::string url() const override { return {}; }
    bool fences() const override { return is_fenced; }
    std::vector<StoredJob> read() override { return jobs; }
    std::size_t unfinished() override { return 0; }
    std::vector<Change> changes() override { return history; }
    std::size_t enlisted() override { return 0; }
    std::string dump() override { return {}; }
    std::vector<std::string> damage() override { return wounds; }
};

Event event(std::string what, std::vector<std::string> words, int at = 0) {
    return {cohort::Duration{at}, std::move(what), std::move(words)};
}

// A job that was promised, ran once, and is there.
struct Story {
    Story() {
        StoredJob job;
        job.id = "a";
        job.state = cohort::JobState::succeeded;
        job.token = "x:1";
        job.result = "\"r\"";
        job.counters.attempt = 1;
        job.max_lost = 3;
        store.jobs.push_back(job);
        store.history = {{"a", 1, 2, 0}, {"a", 2, 4, 0}};
        events = {event("invoke", {"a"}),
                  event("ok", {"a", "ok"}),
                  event("await", {"a"}),
                  event("start", {"a", "1", "x:1", "w1"}, 100),
                  event("end", {"a", "1", "x:1", "w1", "r"}, 200),
                  event("commit", {"a", "succeeded", "accepted", "x:1", "w1"}, 300),
                  event("got", {"a", "succeeded"}, 400)};
    }
    Verdicts judge() { return faults::judge(events, store); }

    Fake store;
    std::vector<Event> events;
};

}  // namespace

TEST_CASE("the judge finds nothing to blame in a job that ran once", "[judge]") {
    Story story;
    auto const verdicts = story.judge();
    CHECK(verdicts.complaints.empty());
    CHECK(verdicts.jobs == 1);
    CHECK(verdicts.duplicates == 0);
}

TEST_CASE("the judge sees a job that was promised and is not there", "[judge]") {
    Story story;
    story.store.jobs.clear();
    story.store.history.clear();
    story.events.resize(2);
    CHECK(story.judge().lost == 1);
    // It may be gone when it was never promised.
    story.events[1] = event("info", {"a", "uncertain"});
    CHECK(story.judge().lost == 0);
}

TEST_CASE("the judge sees a job that came to no end", "[judge]") {
    Story story;
    story.store.jobs[0].state = cohort::JobState::running;
    CHECK(story.judge().stuck == 1);
}

TEST_CASE("the judge sees runs that nobody was promised", "[judge]") {
    Story story;
    story.events[1] = event("fail", {"a", "unavailable"});
    CHECK(story.judge().phantoms == 1);
    story.events.erase(story.events.begin(), story.events.begin() + 2);
    CHECK(story.judge().phantoms == 1);
}

TEST_CASE("the judge counts ends of bodies beyond the first", "[judge]") {
    Story story;
    story.events.push_back(event("start", {"a", "2", "y:1", "w2"}, 500));
    story.events.push_back(event("end", {"a", "2", "y:1", "w2", "r"}, 600));
    auto const verdicts = story.judge();
    CHECK(verdicts.duplicates == 1);
    CHECK(verdicts.complaints.empty());
}

TEST_CASE("the judge sees an end that was accepted twice", "[judge]") {
    Story by_history;
    by_history.store.history.push_back({"a", 2, 4, 0});
    CHECK(by_history.judge().double_commits == 1);

    Story by_ledger;
    by_ledger.events.push_back(event("commit", {"a", "succeeded", "accepted", "y:1", "w2"}));
    CHECK(by_ledger.judge().double_commits == 1);

    // One was accepted, and the store has the other.
    Story by_store;
    by_store.store.jobs[0].token = "y:1";
    CHECK(by_store.judge().double_commits == 1);

    // The same end twice is one; so is one that was refused.
    Story none;
    none.events.push_back(none.events[5]);
    none.events.push_back(event("commit", {"a", "succeeded", "fenced", "y:1", "w2"}));
    CHECK(none.judge().double_commits == 0);
}

TEST_CASE("the judge sees results that are not those of the accepted run", "[judge]") {
    Story story;
    story.store.jobs[0].result.clear();
    CHECK(story.judge().wrong_results == 1);
    story.store.jobs[0].result = "\"s\"";
    CHECK(story.judge().wrong_results == 1);
}

TEST_CASE("the judge sees steps that no job may take", "[judge]") {
    Story story;
    story.store.history.push_back({"a", 4, 2, 0});
    CHECK(story.judge().overruns == 1);
}

TEST_CASE("the judge sees waits that did not end", "[judge]") {
    Story story;
    story.events.pop_back();
    CHECK(story.judge().hung == 1);
    story.events.push_back(event("hung", {}));
    CHECK(story.judge().hung == 2);
}

TEST_CASE("the judge sees attempts that began twice, and more runs than the policy allows", "[judge]") {
    Story twice;
    twice.events.push_back(event("start", {"a", "1", "x:1", "w2"}));
    CHECK(twice.judge().overruns == 1);
    Story many;
    for (int attempt = 2; attempt <= 5; ++attempt)
        many.events.push_back(event("start", {"a", std::to_string(attempt), "z:1", "w1"}));
    CHECK(many.judge().overruns == 1);
}

TEST_CASE("the judge measures from a fault to the next run", "[judge]") {
    Story story;
    story.events.push_back(event("fault", {"kill", "w1"}, 1000));
    story.events.push_back(event("start", {"a", "2", "y:1", "w2"}, 4000));
    CHECK(story.judge().recovery == cohort::Duration{3000});
}

TEST_CASE("the judge passes on what is wrong with the store", "[judge]") {
    Story story;
    story.store.wounds = {"row 3 missing from index"};
    CHECK(story.judge().complaints.size() == 1);
}

TEST_CASE("the judge: where no outcome is refused, the first word to the client is the one that counts",
          "[faults]") {
    Story story;
    story.store.is_fenced = false;
    story.events.push_back(event("start", {"a", "2", "y:1", "w2"}, 500));
    story.events.push_back(event("end", {"a", "2", "y:1", "w2", "s"}, 600));
    story.events.push_back(event("commit", {"a", "succeeded", "accepted", "y:1", "w2"}, 700));
    story.events.push_back(event("got", {"a", "succeeded", "1", "\"r\""}, 800));
    auto const once = story.judge();
    CHECK(once.double_commits == 0);
    CHECK(once.duplicates == 1);
    story.events.push_back(event("got", {"a", "succeeded", "2", "\"s\""}, 900));
    CHECK(story.judge().double_commits == 1);
}
