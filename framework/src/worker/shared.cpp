// SPDX-License-Identifier: MIT
#include "worker/shared.hpp"

#include "worker/run.hpp"
#include "worker/runners.hpp"

#include <cohort/id.hpp>
#include <cohort/log.hpp>

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

WorkerOptions checked(WorkerOptions options) {
    if (options.name.empty()) options.name = program_invocation_short_name;
    if (options.heartbeat == 0s) options.heartbeat = options.lease / 3;
    auto refuse = [](errc code, std::string text) { throw Error{code, std::move(text)}; };
    if (options.concurrency < 1 || options.concurrency > 4096) {
        refuse(errc::invalid_concurrency,
               "concurrency " + std::to_string(options.concurrency) + " not in 1..4096");
    }
    if (options.threads > 256)
        refuse(errc::invalid_concurrency, "threads " + std::to_string(options.threads) + " not in 0..256");
    if (options.queues.empty()) refuse(errc::invalid_queue_name, "a worker needs a queue");
    for (auto const& queue : options.queues)
        check_queue_name(queue);
    if (!options.weights.empty() && options.weights.size() != options.queues.size()) {
        refuse(errc::invalid_config, std::to_string(options.weights.size()) + " weights for " +
                                         std::to_string(options.queues.size()) +
                                         " queues; give each one, or none at all");
    }
    for (auto const weight : options.weights) {
        if (weight < 1 || weight > 1000)
            refuse(errc::invalid_config, "weight " + std::to_string(weight) + " not in 1..1000");
    }
    if (options.unknown_job < 0s)
        refuse(errc::invalid_timeout,
               "unknown_job " + to_string(options.unknown_job) + "; must not be negative");
    if (options.lease < 300ms)
        refuse(errc::invalid_lease, "lease " + to_string(options.lease) + "; at least 300ms");
    if (options.heartbeat <= 0s || options.heartbeat > options.lease / 3) {
        refuse(errc::invalid_lease, "heartbeat " + to_string(options.heartbeat) +
                                        " must be more than 0 and at most a third of the lease (" +
                                        to_string(options.lease) + ")");
    }
    auto positive = [&](char const* name, Duration value) {
        if (value <= 0s)
            refuse(errc::invalid_timeout,
                   std::string{name} + " " + to_string(value) + "; must be more than 0");
    };
    positive("upkeep", options.upkeep);
    positive("deadline", options.deadline);
    if (options.grace < 0s || options.cancel_grace < 0s)
        refuse(errc::invalid_timeout, "grace must not be negative");
    if (options.alone < 0s)
        refuse(errc::invalid_timeout, "alone " + to_string(options.alone) + "; must not be negative");
    return options;
}

}  // namespace

Worker::Shared::Shared(std::shared_ptr<Broker> broker, WorkerOptions worker_options)
    : options{checked(std::move(worker_options))}, front{broker, options.deadline, "worker " + options.name},
      beats{broker, options.deadline, "worker " + options.name}, turns{options.queues, options.weights} {
    // Whoever has just begun has seen no gap.
    rhythm.last = system_clock().steady();
    rhythm.since = rhythm.last - options.heartbeat;
}

void Worker::Shared::log(LogLevel level, std::string const& text) const {
    if (is_logged(level)) cohort::log(level, one_line("worker " + options.name + ": " + text));
}

void Worker::Shared::note_beat() {
    auto const now = system_clock().steady();
    std::lock_guard lock{mutex};
    if (now - rhythm.last > 2 * options.heartbeat) rhythm.since = now;
    rhythm.last = now;
}

bool Worker::Shared::may_judge_others() {
    auto const now = system_clock().steady();
    std::lock_guard lock{mutex};
    return now - rhythm.last <= 2 * options.heartbeat && now - rhythm.since >= options.heartbeat;
}

Line& Worker::Shared::line_of(std::size_t runners_index) {
    return runners_index < loop_lines.size() ? *loop_lines[runners_index] : line;
}

void Worker::Shared::let_go() {
    line.close();
    for (auto const& one : loop_lines)
        one->close();
    runs.clear();
}

bool Worker::Shared::is_flushed() const {
    if (!line.is_idle()) return false;
    return std::all_of(loop_lines.begin(), loop_lines.end(), [](auto const& one) { return one->is_idle(); });
}

void Worker::Shared::refuse_when_started(std::string_view what) const {
    if (!started) return;
    throw Error{errc::already_started,
                std::string{what} + " comes before run(), and this worker has been started"};
}

bool Worker::Shared::is_stuck() {
    std::lock_guard lock{mutex};
    return stats.stuck > options.max_stuck;
}

std::uint32_t Worker::Shared::free_slots(Duration now) {
    if (is_stuck()) return 0;
    auto const running = static_cast<std::uint32_t>(runs.size());
    {
        std::lock_guard lock{mutex};
        if (room.is_being_made && (running == 0 || now >= room.until)) {
            room.is_being_made = false;
            room.is_made = running > 0;
        }
        if (room.lone_run != nullptr && now >= room.until) room.lone_run = nullptr;
        if (room.is_being_made || room.lone_run != nullptr) return 0;
    }
    return running >= options.concurrency ? 0 : options.concurrency - running;
}

std::optional<Duration> Worker::Shared::reserved_until() {
    std::lock_guard lock{mutex};
    if (!room.is_being_made && room.lone_run == nullptr) return std::nullopt;
    return room.until;
}

Life Worker::Shared::current_life() {
    std::lock_guard lock{mutex};
    return life;
}

double Worker::Shared::random_fraction() {
    std::lock_guard lock{mutex};
    return std::uniform_real_distribution<double>{0.0, 1.0}(random);
}

void Worker::Shared::lose_life(std::string const& incarnation) {
    {
        std::lock_guard lock{mutex};
        if (life.incarnation != incarnation) return;
        life = Life{};
    }
    auto const held = runs.all();
    log(LogLevel::warn, "its lease was lost; " + std::to_string(held.size()) +
                            " running jobs are cancelled here and run elsewhere");
    for (auto const& run : held) {
        if (run->job().token->incarnation == incarnation) run->stop(StopReason::lease_lost);
    }
}

Duration pause_after_trouble(Worker::Shared& shared, std::uint32_t failures) {
    // Short enough that work goes on at once when the broker is back: it is one call at a time.
    Backoff const backoff{.initial = 100ms, .factor = 2.0, .max = 1500ms};
    return pause_before(backoff, failures, shared.random_fraction());
}

void report(Worker::Shared& shared, std::string_view activity, std::exception_ptr const& trouble,
            std::uint32_t failures) {
    if (shared.stopping) return;
    std::string text;
    try {
        std::rethrow_exception(trouble);
    } catch (std::exception const& e) {
        text = e.what();
    } catch (...) {
        text = "unknown trouble";
    }
    // Once, and then at powers of two: an outage of an hour is a dozen lines, not a flood.
    if ((failures & (failures - 1)) != 0) return;
    shared.log(LogLevel::warn,
               std::string{activity} + " (" + std::to_string(failures) + "): " + text + "; trying again");
}

}  // namespace cohort
