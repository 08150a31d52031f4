// SPDX-License-Identifier: MIT
// What the loops of one worker share.
#pragma once

#include "broker/front.hpp"
#include "io/loop.hpp"
#include "io/pool.hpp"
#include "io/wake.hpp"
#include "worker/limits.hpp"
#include "worker/line.hpp"
#include "worker/planned.hpp"
#include "worker/runs.hpp"
#include "worker/turns.hpp"

#include <cohort/log.hpp>
#include <cohort/worker.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
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

// When this worker's beats came through, by the clock that counts suspend.
struct Rhythm {
    Duration last;   // the last one
    Duration since;  // and since when they have come one after the other, without a gap
};

// What the worker leaves to a job that must be alone. Its bounds are steady times of the bodies' executor.
struct Room {
    Run const* lone_run = nullptr;  // has the worker for itself until `until`
    bool is_being_made = false;     // nothing is claimed until nothing runs, at most until `until`
    bool is_made = false;           // that has passed: the next one need not be alone any more
    Duration until{};
};

struct Worker::Shared {
    Shared(std::shared_ptr<Broker> broker, WorkerOptions worker_options);

    WorkerOptions const options;
    Front front;
    Front beats;  // apart, so that figures and gathering of the two do not mix
    Catalog catalog;
    bool has_catalog = false;
    std::vector<Planned> schedules;
    std::vector<Decorator> decorators;
    std::map<std::type_index, std::shared_ptr<void>> provided;
    std::vector<std::function<awaitable<void>()>> start_hooks;
    std::vector<std::function<awaitable<void>()>> stop_hooks;

    std::mutex mutex;  // of what follows up to `started`
    Life life;
    std::set<std::string> unknown_names;  // that have been reported
    Duration last_unknown =
        Duration::min() / 2;  // when the last of their jobs that was handed back falls due
    WorkerStats stats;
    Rhythm rhythm;
    std::mt19937_64 random{std::random_device{}()};

    std::atomic<bool> started = false;
    std::atomic<bool> stopping = false;
    std::atomic<bool> hurried = false;
    std::atomic<bool> claiming = false;  // until the loop has ended
    io::Wake claimed_last;
    io::Wake stop_asked;
    io::Wake slot_free;

    Turns turns;
    Runs runs;
    Room room;
    // Outcomes of bodies that ran on a loop of ours go out from that loop, each from a line of its own; all
    // others from here. So no outcome waits for a loop that is held up by another body.
    Line line;
    std::vector<std::unique_ptr<Line>> loop_lines;
    io::Wake flushed;  // the lines have been empty
    Limits limits;
    std::unique_ptr<io::Pool> pool;  // null without threads: plain bodies run on the loop
    std::vector<std::shared_ptr<Runners>> runners;
    std::atomic<std::size_t> next_runners = 0;
    std::vector<std::unique_ptr<io::Loop>> loops;  // last: they end first

    // A line that says whose it is.
    void log(LogLevel level, std::string const& text) const;
    void note_beat();
    // After an outage or on a machine that was suspended everybody's lease has run out, also that of the
    // living: nobody is to be taken for dead before he has had the time to beat.
    bool may_judge_others();
    Line& line_of(std::size_t runners_index);
    bool is_flushed() const;
    // The worker has ended. Runs hold this object: those that nobody has settled would hold it for ever.
    void let_go();
    // Throws Error(already_started).
    void refuse_when_started(std::string_view what) const;
    bool is_stuck();  // more bodies than max_stuck are past their limit: it claims nothing
    std::uint32_t free_slots(Duration now);
    // Until when nothing is claimed for the sake of a job that must be alone; nothing: there is none.
    std::optional<Duration> reserved_until();
    Life current_life();
    double random_fraction();
    // The incarnation is no longer ours: what runs under it is somebody else's.
    void lose_life(std::string const& incarnation);
};

// The loops, each in its file of the same name. Each ends when it is cancelled.
awaitable<void> claim_jobs(std::shared_ptr<Worker::Shared> shared);
awaitable<void> settle_jobs(std::shared_ptr<Worker::Shared> shared, Line& line);
awaitable<void> renew_lease(std::shared_ptr<Worker::Shared> shared);
awaitable<void> keep_up(std::shared_ptr<Worker::Shared> shared);
awaitable<void> watch_loops(std::shared_ptr<Worker::Shared> shared);
awaitable<void> keep_schedule(std::shared_ptr<Worker::Shared> shared, Planned const& planned);

// Starts the runs of these jobs; in claim order. Each has a free slot.
void execute(std::shared_ptr<Worker::Shared> const& shared, std::vector<JobRecord> jobs);

// Says once in a while that a loop met trouble, `failures` times in a row.
void report(Worker::Shared& shared, std::string_view activity, std::exception_ptr const& trouble,
            std::uint32_t failures);
// A pause in the supervision of a loop: grows from 100 ms to 1.5 s, with full jitter.
Duration pause_after_trouble(Worker::Shared& shared, std::uint32_t failures);

}  // namespace cohort
