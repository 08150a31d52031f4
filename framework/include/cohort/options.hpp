// SPDX-License-Identifier: MIT
// What may be said about a job function and about one call of it, as designated initialisers.
#pragma once

#include <cohort/retry.hpp>

#include <optional>
#include <string_view>
#include <type_traits>

namespace cohort {

// Beside COHORT_JOB: what holds for every call of the function. All views are literals.
struct JobOptions {
    std::string_view name = {};     // on the wire; default: namespace and function, joined by dots
    std::string_view aliases = {};  // "old.name, older.name": names that a worker still answers to
    std::uint32_t version = 1;      // travels along, for people and for ctx.job().version
    std::string_view params =
        {};                       // "order, currency": arguments travel by these names instead of by position
    std::string_view queue = {};  // default: the client's ("default")
    std::optional<Duration> delay = {};    // >= 0
    std::optional<Duration> expires = {};  // > 0: it must have started so long after it was enqueued
    // -100..100, default 0; higher runs first, and lower waits for as long as there is any. What must not
    // wait for ever belongs into a queue of its own with a weight (WorkerOptions::weights).
    std::optional<int> priority = {};
    std::optional<Duration> timeout = {};           // > 0: of one run; default: the client's (none)
    std::optional<std::uint32_t> max_retries = {};  // 0..10000: runs after the first that failed; default 0
    std::optional<std::uint32_t> max_lost =
        {};  // 0..100: runs after a worker died; default 3. 0 = at most once
    std::optional<Backoff> backoff = {};
    bool quick = false;  // a plain function that takes microseconds: called on the event loop, without a hop
    std::optional<Duration> keep_result = {};  // >= 0; default 24 h
    std::optional<Duration> keep_error = {};   // >= 0; default 14 d
};

// As the first argument of enqueue_job, in braces: what holds for this call. It wins over the job's, and that
// over the client's. Views are copied before enqueue_job returns.
struct EnqueueOptions {
    std::string_view id = {};  // default: made by the client's generator. The same id again is the same job
    std::string_view queue = {};
    std::optional<Duration> delay = {};
    std::optional<Instant> eta = {};  // a point in time instead of a delay; in the past = at once
    std::optional<Duration> expires = {};
    std::optional<int> priority = {};
    std::optional<Duration> timeout = {};
    std::optional<std::uint32_t> max_retries = {};
    std::optional<std::uint32_t> max_lost = {};
    std::optional<Backoff> backoff = {};
    std::string_view unique = {};  // while a job of this key waits or runs, no second one is stored
    std::optional<Duration> keep_result = {};
    std::optional<Duration> keep_error = {};
    std::optional<Replicas> replicas = {};  // of the server; none = as the broker's URL says
};

// Beside a schedule of a worker, in braces: what holds for the jobs of its ticks.
struct ScheduleOptions {
    // How late a tick may still be given, when no worker or no broker was there in time; of several only the
    // last. As it is, what was missed is left out. 1 s to 366 days. The jobs are kept for so long and an hour
    // at least, whatever else is said: as long as one is kept, nobody gives its tick again.
    Duration catch_up = 1min;
    std::string_view queue = {};  // default: the job's, else "default". All workers must say the same
    std::optional<Duration> expires = {};
    std::optional<int> priority = {};
    std::optional<Duration> timeout = {};
    std::optional<std::uint32_t> max_retries = {};
    std::optional<std::uint32_t> max_lost = {};
    std::optional<Backoff> backoff = {};
    std::string_view unique = {};  // a tick is left out while a job of this key waits or runs
    std::optional<Duration> keep_result = {};
    std::optional<Duration> keep_error = {};
    std::optional<Replicas> replicas = {};
};

// g++ 12 destroys a braced aggregate beside a co_await twice, unless there is nothing to destroy.
static_assert(std::is_trivially_destructible_v<JobOptions> &&
              std::is_trivially_destructible_v<EnqueueOptions> &&
              std::is_trivially_destructible_v<ScheduleOptions>);

}  // namespace cohort
