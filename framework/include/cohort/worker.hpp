// SPDX-License-Identifier: MIT
// The side that works: claims jobs, runs them concurrently, and settles them.
//
//   cohort::Worker worker{"sqlite:shop.db", {.queues = {"orders"}, .concurrency = 8}};
//   worker.add(shop_jobs);              // void shop_jobs(cohort::Catalog&)
//   cohort::run(worker.run());          // until stop()
#pragma once

#include <cohort/broker.hpp>
#include <cohort/catalog.hpp>
#include <cohort/detail/arguments.hpp>
#include <cohort/id.hpp>
#include <cohort/schedule.hpp>
#include <cohort/under_way.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <typeindex>
#include <utility>
#include <vector>

namespace cohort {

namespace detail {

template<class... Args>
inline constexpr bool starts_with_schedule_options = false;
template<class First, class... Rest>
inline constexpr bool starts_with_schedule_options<First, Rest...> =
    std::is_same_v<std::remove_cvref_t<First>, ScheduleOptions>;

}  // namespace detail

struct WorkerOptions {
    std::string name = {};                          // for listings and logs; default: the program's name
    std::vector<std::string> queues = {"default"};  // emptied in this order, unless they have weights
    // One for each queue, 1..1000, or none: how often each is the first to be asked, so that no queue starves
    // behind a full one.
    std::vector<std::uint32_t> weights = {};
    std::uint32_t concurrency = 16;  // jobs at once, 1..4096
    std::uint32_t threads = 1;   // event loops for coroutine bodies, 1..256. 0: no thread at all, all that a
                                 // worker does happens on the executor that awaits run(); for tests
    Duration lease = 30s;        // without a beat for so long, its jobs are somebody else's; >= 300 ms
    Duration heartbeat = 0s;     // <= lease / 3; 0 = a third of the lease
    Duration upkeep = 10s;       // how often it looks for jobs of dead workers; > 0
    Duration grace = 25s;        // after stop(): how long running jobs may go on
    Duration cancel_grace = 5s;  // after that: how long they may take to notice their cancellation
    std::uint32_t max_stuck =
        4;  // bodies that did not end in time and cannot be stopped; beyond it nothing is claimed
    // How long the last run that max_lost allows has the worker for itself; and how long a busy worker waits
    // to become idle for one.
    Duration alone = 1min;
    Duration unknown_job = 24h;  // how old a job becomes that no worker knows before it fails
    Duration deadline = 5s;      // of every call of the broker
    // Each of its lives is called by an id of this generator, with a random end: no name comes twice,
    // whatever it makes. Default: random throughout.
    IdGenerator ids = {};
    // By which its schedules go; null: the machine's, or that of a testing::Loop. Must outlive the worker.
    Clock const* clock = nullptr;
};

struct WorkerStats {
    std::uint64_t claimed = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t retried = 0;
    std::uint64_t failed = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t released = 0;
    Duration waited = 0s;  // from the time at which they were due to the start of their runs, all together
    Duration ran = 0s;     // all runs together
    std::uint64_t fenced = 0;     // ended after the lease had been lost; the outcome was refused
    Duration loop_lag = 0s;       // the longest that an event loop of this worker was held up by a body
    std::uint32_t running = 0;    // now
    std::uint32_t stuck = 0;      // now: past their limit, and still not back
    std::uint64_t scheduled = 0;  // ticks of schedules that it was the first to give
};

// A schedule that a worker keeps.
struct ScheduleInfo {
    std::string name;
    Schedule when;
    std::string job;  // the function's name on the wire
    std::string queue;
};

class Worker {
public:
    // A connection of its own. Defined in the room `open`: link cohort::cohort.
    explicit Worker(std::string_view url, WorkerOptions options = {});
    // On a broker that others may use too. Throws Error: invalid_concurrency, invalid_lease,
    // invalid_queue_name, …
    explicit Worker(std::shared_ptr<Broker> broker, WorkerOptions options = {});
    // run() must have ended.
    ~Worker();
    Worker(Worker const&) = delete;
    Worker& operator=(Worker const&) = delete;

    // What it can run. This and all down to run() comes before it; later it throws Error(already_started).
    // Without any add() it is what COHORT_REGISTER has registered. Throws Error(duplicate_handler).
    void add(std::function<void(Catalog&)> const& module);
    void add(Catalog const& catalog);
    template<auto Job, class... Decorators>
    void add(Decorators... decorators) {
        Catalog catalog;
        catalog.add<Job>(std::move(decorators)...);
        add(catalog);
    }
    // At each tick of `when` the job is enqueued, however many workers say the same: its id is tick_id(name,
    // tick), and a broker stores an id once. Needs no leader; each worker that has a schedule keeps it, also
    // for queues that it does not serve. A tick that comes while the job of the one before still runs is a
    // job like any other, unless ScheduleOptions::unique forbids it.
    //
    //   worker.schedule<clean_up>("nightly", cron("0 3 * * *", "Europe/Madrid"), {.catch_up = 12h}, "/tmp");
    //
    // Throws Error: invalid_schedule, not_supported (the broker lacks the capability stored_once), argument_…
    template<auto Job, class... Args>
        requires(!detail::starts_with_schedule_options<Args...>)
    COHORT_NODEBUG void schedule(std::string_view name, Schedule when, Args const&... args) {
        schedule_call<detail::meta_of<Job>>(name, std::move(when), ScheduleOptions{}, args...);
    }
    template<auto Job, class... Args>
    COHORT_NODEBUG void schedule(std::string_view name, Schedule when, ScheduleOptions options,
                                 Args const&... args) {
        schedule_call<detail::meta_of<Job>>(name, std::move(when), options, args...);
    }
    // Around every job, outermost first, outside the job's own decorators.
    void use(Decorator decorator);
    // For Context::get<T>().
    template<class T>
    void provide(std::shared_ptr<T> object) {
        provide(typeid(T), std::move(object));
    }
    // Once each, before the first claim and after the last job, also when a signal stops the worker.
    void on_start(std::function<awaitable<void>()> hook);
    void on_stop(std::function<awaitable<void>()> hook);

    Catalog const& catalog() const;
    std::vector<ScheduleInfo> schedules() const;

    // Works until stop(), then: claims no more, lets running jobs finish for `grace`, cancels them, hands
    // back what is left, stores what is to be stored, and returns; nothing of it runs any more then, but
    // bodies that are stuck. A broker that cannot be reached does not end it. Cancelling it is stop(). Once.
    // Throws Error(no_jobs, already_started).
    awaitable<void> run();
    // Asks run() to end. Any thread; idempotent.
    void stop() noexcept;
    // Running jobs are cancelled at once instead of after the grace period.
    void stop_now() noexcept;

    WorkerStats stats() const;
    // The jobs that it has now, in no order. Any thread.
    std::vector<UnderWay> under_way() const;
    // One entry of this job, or nothing.
    std::optional<UnderWay> under_way(std::string_view id) const;

    struct Shared;

private:
    void provide(std::type_index type, std::shared_ptr<void> object);
    template<class Meta, class... Args>
    void schedule_call(std::string_view name, Schedule when, ScheduleOptions const& options,
                       Args const&... args) {
        std::string arguments;
        detail::encode_arguments<Meta>(arguments, args...);
        add_schedule(name, std::move(when), detail::info<Meta>(), options, std::move(arguments));
    }
    void add_schedule(std::string_view name, Schedule when, detail::JobInfo const& info,
                      ScheduleOptions const& options, std::string arguments);

    std::shared_ptr<Shared> shared_;
};

// A worker that runs on a thread of its own, in a program that has other things to do. Destroying it is
// stop() and waiting for the end. The worker must live longer.
class BackgroundWorker {
public:
    explicit BackgroundWorker(Worker& worker);
    ~BackgroundWorker();
    BackgroundWorker(BackgroundWorker const&) = delete;
    BackgroundWorker& operator=(BackgroundWorker const&) = delete;

    // Stops the worker, waits for its end, and throws what its run() threw. Idempotent.
    void stop();

private:
    Worker& worker_;
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace cohort
