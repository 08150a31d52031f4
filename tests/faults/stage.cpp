// SPDX-License-Identifier: MIT
#include "faults/stage.hpp"

#include "base/failpoint.hpp"
#include "faults/report.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace faults {

Stage::Stage(Backend const& backend, std::string scenario, std::uint64_t seed)
    : random{seed}, backend_{backend}, scenario_{std::move(scenario)}, seed_{seed},
      ledger_{std::make_shared<Ledger>(ledger_path())},
      store_{backend.make(StoreParams{folder_.path().string(), ledger_path()})} {
    ::setenv("COHORT_SEED", std::to_string(seed).c_str(), 1);
}

Stage::~Stage() {
    arm("");
    workers_.clear();
    asker_.reset();
}

Asker& Stage::asker() {
    if (!asker_) asker_ = std::make_unique<Asker>(store_->open(), ledger_);
    return *asker_;
}

support::Process Stage::start_client(ClientSetup const& setup) {
    asker();
    std::vector<std::string> command{support::program("fault_client"),
                                     store_->url(),
                                     ledger_path(),
                                     setup.failpoints,
                                     setup.job,
                                     std::to_string(setup.number),
                                     std::to_string(setup.count),
                                     std::to_string(setup.keep / 1ms),
                                     std::to_string(setup.patience / 1ms)};
    return support::Process{std::move(command), file("client.log")};
}

Hand& Stage::start(WorkerSetup setup) {
    asker();  // the file is made by one, not by many at once
    if (setup.name.empty()) setup.name = "w" + std::to_string(workers_.size() + 1);
    workers_.push_back(store_->start_worker(setup));
    return *workers_.back();
}

void Stage::start(int count, WorkerSetup const& setup) {
    for (int i = 0; i < count; ++i)
        start(setup);
}

Hand& Stage::start_to_stop_at(std::string const& place, WorkerSetup setup) {
    if (is_process()) {
        setup.failpoints = place + "=stop";
        Hand& hand = start(setup);
        REQUIRE(hand.wait_frozen(20s));
        ledger_->write("fault", {"stop", hand.name()});
        return hand;
    }
    auto const name = place.substr(0, place.find('@'));
    arm(place + "=hold");
    Hand& hand = start(setup);
    for (int i = 0; failpoints_hit(name) == 0; ++i) {
        REQUIRE(i < 4000);
        pass(5ms);
    }
    // One thread holds; its heartbeat has another.
    freeze(hand);
    return hand;
}

void Stage::wake(Hand& hand) {
    if (!is_process()) arm("");
    hand.thaw();
}

void Stage::arm(std::string const& plan) {
#ifndef NDEBUG
    cohort::arm_failpoints(plan);
#else
    static_cast<void>(plan);
#endif
}

std::uint64_t Stage::failpoints_hit(std::string const& place) {
#ifndef NDEBUG
    return cohort::failpoints_hit(place);
#else
    static_cast<void>(place);
    return 0;
#endif
}

void Stage::kill(Hand& hand) {
    ledger_->write("fault", {"kill", hand.name()});
    hand.kill();
}

void Stage::freeze(Hand& hand) {
    // A process that is stopped inside of a transaction holds up everybody (docs/brokers/sqlite.md); that is
    // a scenario of its own and not this one.
    for (int tries = 0; tries < 50; ++tries) {
        ledger_->write("fault", {"freeze", hand.name()});
        hand.freeze();
        REQUIRE((!is_process() || hand.wait_frozen(20s)));
        if (!store_->is_held()) return;
        hand.thaw();
        pass(3ms);
    }
    FAIL(hand.name() << " was stopped fifty times inside of a transaction");
}

void Stage::until(char const* what, std::function<bool(std::vector<Event> const&)> const& is_so,
                  cohort::Duration patience) {
    auto const end = ledger_time() + patience;
    for (;;) {
        auto const all = events();
        if (is_so(all)) return;
        if (ledger_time() > end) {
            std::string story;
            for (std::size_t i = all.size() > 60 ? all.size() - 60 : 0; i < all.size(); ++i) {
                story += std::to_string((all[i].at - begun_).count()) + " " + all[i].what;
                for (auto const& word : all[i].words)
                    story += " " + word;
                story += "\n";
            }
            FAIL("not within " << cohort::to_string(patience) << ": " << what << "\n" << story);
        }
        pass(5ms);
    }
}

std::size_t Stage::count(std::string_view what, std::string_view worker) {
    auto const all = events();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](Event const& event) { return is_line(event, what, worker); }));
}

void Stage::until_started(std::size_t runs, std::string_view worker) {
    until("so many runs have begun", [&](auto const&) { return count("start", worker) >= runs; });
}

void Stage::until_ended(std::size_t runs) {
    until("so many runs have ended", [&](auto const&) { return count("end") >= runs; });
}

void Stage::drain(cohort::Duration patience) {
    auto const end = ledger_time() + patience;
    while (store_->unfinished() > 0 && ledger_time() < end)
        pass(10ms);
    if (asker_) asker_->join();
}

void Stage::pass(cohort::Duration span) {
    std::this_thread::sleep_for(span);
}

void Stage::again(std::function<void(Stage&)> const& play) {
    auto const seed = random();
    INFO("seed " << seed);
    Stage next{backend_, scenario_, seed};
    play(next);
}

Verdicts Stage::check(Bounds const& bounds) {
    if (asker_) asker_->join();
    Verdicts verdicts = judge(events(), *store_);
    std::string complaints;
    for (auto const& sentence : verdicts.complaints)
        complaints += "\n  " + sentence;
    INFO("complaints:" << complaints);
    CHECK(verdicts.lost == 0);
    CHECK(verdicts.stuck == 0);
    CHECK(verdicts.double_commits == 0);
    CHECK(verdicts.wrong_results == 0);
    CHECK(verdicts.hung == 0);
    CHECK(verdicts.phantoms == 0);
    CHECK(verdicts.overruns == 0);
    CHECK(verdicts.duplicates <= bounds.duplicates);
    if (bounds.recovery) CHECK(verdicts.recovery <= *bounds.recovery);
    CHECK(verdicts.complaints.empty());
    record(verdicts, bounds);
    return verdicts;
}

void Stage::record(Verdicts const& verdicts, Bounds const& bounds) {
    Row row;
    row.broker = backend_.name;
    row.seed = seed_;
    row.took = ledger_time() - begun_;
    row.verdicts = verdicts;
    row.duplicates_allowed = bounds.duplicates;
    add_row(scenario_, row);
}

}  // namespace faults
