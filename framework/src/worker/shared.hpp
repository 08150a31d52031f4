// SPDX-License-Identifier: MIT
// What the loops of one worker share.
#pragma once

#include "broker/front.hpp"
#include "io/loop.hpp"
#include "io/pool.hpp"
#include "io/wake.hpp"
#include "worker/limits.hpp"
#include "worker/line.hpp"
#include "worker/runs.hpp"
#include "worker/suspects.hpp"
#include "worker/turns.hpp"

#include <cohort/worker.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <typeindex>
#include <vector>

namespace cohort {

class Runners;

// The worker's present life: a new one begins when the broker has retired it.
struct Life {
    std::string incarnation;       // "" = not enlisted
    std::uint64_t last_claim = 0;  // the number of the last claim that was answered
};

struct Worker::Shared {
    Shared(std::shared_ptr<Broker> broker, WorkerOptions worker_options);

    WorkerOptions const options;
    Front front;
    Front beats;  // apart, so that figures and gathering of the two do not mix
    Catalog catalog;
    bool has_catalog = false;
    std::vector<Decorator> decorators;
    std::map<std::type_index, std::shared_ptr<void>> provided;
    std::vector<std::function<awaitable<void>()>> start_hooks;
    std::vector<std::function<awaitable<void>()>> stop_hooks;

    std::mutex mutex;  // of life, stats, random, unknown_names
    Life life;
    std::set<std::string> unknown_names;  // that have been reported
    WorkerStats stats;
    std::mt19937_64 random{std::random_device{}()};

    std::atomic<bool> started = false;
    std::atomic<bool> stopping = false;
    std::atomic<bool> hurried = false;
    io::Wake stop_asked;
    io::Wake slot_free;

    Turns turns;
    Runs runs;
    Line line;
    Limits limits;
    Suspects suspects;
    std::unique_ptr<io::Pool> pool;  // null without threads: plain bodies run on the loop
    std::vector<std::shared_ptr<Runners>> runners;
    std::atomic<std::size_t> next_runners = 0;
    std::vector<std::unique_ptr<io::Loop>> loops;  // last: they end first

    // Throws Error(already_started).
    void refuse_when_started(std::string_view what) const;
    bool is_stuck();  // more bodies than max_stuck are past their limit: it claims nothing
    std::uint32_t free_slots();
    Life current_life();
    double random_fraction();
    void count(std::uint64_t WorkerStats::* figure, std::uint64_t by = 1);
    // The incarnation is no longer ours: what runs under it is somebody else's.
    void lose_life(std::string const& incarnation);
};

// The loops, each in its file of the same name. Each ends when it is cancelled.
awaitable<void> claim_jobs(std::shared_ptr<Worker::Shared> shared);
awaitable<void> settle_jobs(std::shared_ptr<Worker::Shared> shared);
awaitable<void> renew_lease(std::shared_ptr<Worker::Shared> shared);
awaitable<void> keep_up(std::shared_ptr<Worker::Shared> shared);
awaitable<void> run_suspects(std::shared_ptr<Worker::Shared> shared);

// Starts the runs of these jobs; in claim order. Each has a free slot.
void execute(std::shared_ptr<Worker::Shared> const& shared, std::vector<JobRecord> jobs);
void start_runs(std::shared_ptr<Worker::Shared> const& shared, std::vector<std::shared_ptr<Run>> runs);

// Says once in a while that a loop met trouble, `failures` times in a row.
void report(Worker::Shared& shared, std::string_view activity, std::exception_ptr const& trouble,
            std::uint32_t failures);
// A pause in the supervision of a loop: grows from 100 ms to 1.5 s, with full jitter.
Duration pause_after_trouble(Worker::Shared& shared, std::uint32_t failures);

}  // namespace cohort
