// SPDX-License-Identifier: MIT
// Where one scenario plays: a fresh broker, a client, workers, a ledger, a seed.
#pragma once

#include "faults/asker.hpp"
#include "faults/checker.hpp"
#include "faults/setup.hpp"
#include "faults/store.hpp"
#include "support/process.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <functional>
#include <optional>
#include <random>

namespace faults {

// What a scenario may at most have caused. Lost, stuck, double commits, hung waits and phantoms are never
// allowed.
struct Bounds {
    std::size_t duplicates = 0;
    std::optional<cohort::Duration> recovery = std::nullopt;
};

class Stage {
public:
    Stage(Backend const& backend, std::string scenario, std::uint64_t seed);
    ~Stage();

    std::mt19937_64 random;
    std::uint64_t below(std::uint64_t bound) { return random() % bound; }
    std::string const& scenario() const noexcept { return scenario_; }
    std::string const& broker() const noexcept { return backend_.name; }
    bool is_process() const { return !store_->url().empty(); }
    Store& store() noexcept { return *store_; }
    std::string file(std::string const& name) const { return folder_.file(name); }
    std::string ledger_path() const { return folder_.file("ledger"); }
    std::shared_ptr<Ledger> const& ledger() const noexcept { return ledger_; }

    // Made on its first use.
    Asker& asker();
    void drop_asker() { asker_.reset(); }

    struct ClientSetup {
        std::string job = "ok";
        int number = 0;
        int count = 1;
        cohort::Duration keep = 24h;
        cohort::Duration patience = 0s;  // for its jobs; 0 = it does not wait
        std::string failpoints = {};
    };
    // A client in a process of its own.
    support::Process start_client(ClientSetup const& setup);

    Hand& start(WorkerSetup setup = {});
    void start(int count, WorkerSetup const& setup = {});
    Hand& worker(std::size_t index) { return *workers_.at(index); }
    // A worker that stands still at this place, as if stopped for a while, until wake().
    Hand& start_to_stop_at(std::string const& place, WorkerSetup setup = {});
    void wake(Hand& hand);
    // Each is noted as a fault of this worker, from which its recovery is measured.
    void kill(Hand& hand);
    void freeze(Hand& hand);

    // Failpoints of this process: of the client, and of workers that are objects in it.
    void arm(std::string const& plan);
    std::uint64_t failpoints_hit(std::string const& place);

    // Waits until the ledger says so; fails the test when it does not within the patience.
    void until(char const* what, std::function<bool(std::vector<Event> const&)> const& is_so,
               cohort::Duration patience = 40s * slowness);
    // So many lines of this kind; "" = of any worker.
    std::size_t count(std::string_view what, std::string_view worker = {});
    void until_started(std::size_t runs, std::string_view worker = {});
    void until_ended(std::size_t runs);
    // Waits until no job is left that could still run.
    void drain(cohort::Duration patience = 30s);
    static void pass(cohort::Duration span);

    // The same scenario once more, on a stage of its own with another seed.
    void again(std::function<void(Stage&)> const& play);

    // The verdicts, all required to be good, and a row for the report.
    Verdicts check(Bounds const& bounds = {});
    // The same of a scenario whose verdicts are elsewhere: a row for the report.
    void record(Verdicts const& verdicts, Bounds const& bounds = {});

private:
    std::vector<Event> events() const { return read_ledger(ledger_path()); }

    Backend const& backend_;
    std::string const scenario_;
    std::uint64_t const seed_;
    cohort::Duration const begun_ = ledger_time();
    support::TempDir const folder_;
    std::shared_ptr<Ledger> const ledger_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Asker> asker_;
    std::deque<std::unique_ptr<Hand>> workers_;
};

// The position of a word in the lines of a kind, for predicates.
inline bool is_line(Event const& event, std::string_view what, std::string_view worker) {
    return event.what == what &&
           (worker.empty() || (!event.words.empty() && event.words.size() > 3 && event.words[3] == worker));
}

}  // namespace faults
