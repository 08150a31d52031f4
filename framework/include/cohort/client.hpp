// SPDX-License-Identifier: MIT
// The side that asks: enqueue calls of job functions, await their results.
//
//   cohort::Client client{"sqlite:shop.db"};
//   auto job = co_await client.enqueue_job<shop::price>(order, "USD");
//   double total = co_await job.result(5s);
#pragma once

#include <cohort/handle.hpp>
#include <cohort/id.hpp>
#include <cohort/job.hpp>
#include <cohort/under_way.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

// clang and g++ 13 need no such care; g++ 12 destroys an unnamed aggregate beside a co_await twice.
#define COHORT_UNSAFE_BESIDE_AWAIT                                                                           \
    "name this argument first: g++ 12 destroys an unnamed struct beside a co_await twice "                   \
    "(docs/compilers.md)"

namespace cohort {

class BlockingClient;

namespace detail {

template<class... Args>
inline constexpr bool starts_with_options = false;
template<class First, class... Rest>
inline constexpr bool starts_with_options<First, Rest...> =
    std::is_same_v<std::remove_cvref_t<First>, EnqueueOptions>;

}  // namespace detail

struct ClientOptions {
    std::string name = {};          // who asks, for listings and logs; default: the program's name
    std::string queue = "default";  // where neither the job nor the call names one
    // The address under which it is told how its jobs ended, named like a queue; on RabbitMQ, the name of its
    // reply queue. Default: random, so that no two clients share one. A client that is started again with the
    // address of its earlier life hears of that one's jobs too; two that live must not have the same.
    std::string reply_to = {};
    Policy policy = {};  // likewise for retries, timeout, retention
    // How late a job may start that says nothing of it (.expires): beyond that it never does, and ends as
    // expired. Default: however late.
    std::optional<Duration> overdue = {};
    IdGenerator ids = {};         // default: ulid()
    Duration deadline = 5s;       // of every call of the broker; > 0
    Duration call_timeout = 30s;  // how long call() waits for the result
};

// Calls of any job functions, to be sent in one go. Encodes at once.
class Batch {
public:
    template<auto J, class... Args>
        requires(!detail::starts_with_options<Args...>)
    COHORT_NODEBUG void add(Args&&... args) {
        add_call<detail::meta_of<J>>(EnqueueOptions{}, args...);
    }
    template<auto J, class... Args>
    COHORT_NODEBUG void add(EnqueueOptions options, Args&&... args) {
        add_call<detail::meta_of<J>>(options, args...);
    }
    std::size_t size() const noexcept { return calls_.size(); }

private:
    friend class Client;
    struct Call {
        detail::JobInfo const* info;
        EnqueueOptions options;
        std::vector<std::string> texts;  // what the options' views point to
        std::string arguments;
    };

    template<class Meta, class... Args>
    void add_call(EnqueueOptions options, Args const&... args) {
        std::string arguments;
        detail::encode_arguments<Meta>(arguments, args...);
        keep(detail::info<Meta>(), options, std::move(arguments));
    }
    void keep(detail::JobInfo const& info, EnqueueOptions options, std::string arguments);

    std::vector<Call> calls_;
};

// Thread-safe: one for the whole program. Destroying or closing it ends every wait of its handles with
// Error(closed).
//
// enqueue_job is a plain function: it checks and encodes the arguments at once (throws Error: argument_…,
// invalid_…, payload_too_large) and returns what is to be awaited, so nothing that it was given need live
// longer. The await throws Error: queue_full, duplicate_job_id, unavailable (nothing was stored), uncertain
// (it may have been: ask again with the same id), …
class Client {
public:
    // Its own I/O thread, and a connection of its own. Defined in the room `open`: link cohort::cohort.
    explicit Client(std::string_view url, ClientOptions options = {});
    Client(boost::asio::any_io_executor executor, std::string_view url, ClientOptions options = {});
    // On a broker that others may use too.
    explicit Client(std::shared_ptr<Broker> broker, ClientOptions options = {});
    Client(boost::asio::any_io_executor executor, std::shared_ptr<Broker> broker, ClientOptions options = {});
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    template<auto J, class... Args>
        requires(!detail::starts_with_options<Args...>)
    COHORT_NODEBUG auto enqueue_job(Args&&... args) {
        static_assert((detail::safe_beside_await<Args&&> && ...), COHORT_UNSAFE_BESIDE_AWAIT);
        return enqueue<detail::meta_of<J>>(EnqueueOptions{}, args...);
    }
    // enqueue_job<f>({.delay = 10s, .priority = 7}, args…)
    template<auto J, class... Args>
    COHORT_NODEBUG auto enqueue_job(EnqueueOptions options, Args&&... args) {
        static_assert((detail::safe_beside_await<Args&&> && ...), COHORT_UNSAFE_BESIDE_AWAIT);
        return enqueue<detail::meta_of<J>>(options, args...);
    }

    // One call for each tuple of arguments; one round trip for 500 of them. When it fails halfway it throws
    // Error(uncertain) that says how many were stored.
    template<auto J, class Range>
    COHORT_NODEBUG auto enqueue_jobs(Range const& calls) {
        return enqueue_all<detail::meta_of<J>>(calls);
    }
    awaitable<std::vector<JobHandle>> enqueue_batch(Batch const& batch);
    // Without the function's header: `arguments` is a JSON array or object.
    awaitable<Job<Json>> enqueue_named(std::string_view name, std::string arguments,
                                       EnqueueOptions options = {});

    // Enqueues and waits for the result, ClientOptions::call_timeout long.
    template<auto J, class... Args>
    COHORT_NODEBUG auto call(Args&&... args) {
        return call_of<detail::meta_of<J>>(args...);
    }

    // A handle of a job that somebody else enqueued.
    template<class T = Json>
    Job<T> find(JobRef ref) const {
        return Job<T>{JobHandle{desk_, std::move(ref), false}};
    }

    // Ends every wait, now and later, with Error(closed). Idempotent, does not block.
    void close() noexcept;
    Broker& broker() const noexcept;

    // What it is doing now: each job on its way to the broker, each that is waited for, and so on. In no
    // order.
    std::vector<UnderWay> under_way() const;
    // One entry of this job, or nothing.
    std::optional<UnderWay> under_way(std::string_view id) const;

private:
    friend class BlockingClient;

    template<class Meta, class... Args>
    awaitable<Job<detail::result_of<Meta>>> enqueue(EnqueueOptions const& options, Args const&... args) {
        auto job = prepare_one(detail::info<Meta>(), options);
        job->arguments = detail::arguments_of<Meta>(args...);
        return stored<detail::result_of<Meta>>(desk_, std::move(job));
    }
    template<class T>
    static awaitable<Job<T>> stored(std::shared_ptr<Desk> desk, std::shared_ptr<NewJob> job) {
        Sending sending{std::move(desk), job->ref};
        PushResult const result = co_await sending.push(std::move(job));
        co_return Job<T>{sending.handle(result)};
    }
    template<class Meta, class Range>
    auto enqueue_all(Range const& calls) {
        std::vector<NewJob> jobs;
        for (auto const& call : calls) {
            NewJob job = prepare(detail::info<Meta>(), EnqueueOptions{});
            auto encode = [&](auto const&... args) { job.arguments = detail::arguments_of<Meta>(args...); };
            std::apply(encode, call);
            jobs.push_back(std::move(job));
        }
        return stored_all<detail::result_of<Meta>>(desk_, std::move(jobs));
    }
    template<class T>
    static awaitable<std::vector<Job<T>>> stored_all(std::shared_ptr<Desk> desk, std::vector<NewJob> jobs) {
        std::vector<JobHandle> handles = co_await store_all(std::move(desk), std::move(jobs));
        std::vector<Job<T>> typed;
        typed.reserve(handles.size());
        for (auto& handle : handles)
            typed.emplace_back(std::move(handle));
        co_return typed;
    }
    template<class Meta, class... Args>
    auto call_of(Args const&... args) {
        auto job = prepare_one(detail::info<Meta>(), EnqueueOptions{});
        job->arguments = detail::arguments_of<Meta>(args...);
        return called<detail::result_of<Meta>>(desk_, std::move(job), call_timeout_);
    }
    template<class T>
    static awaitable<T> called(std::shared_ptr<Desk> desk, std::shared_ptr<NewJob> job, Duration timeout) {
        Sending sending{std::move(desk), job->ref};
        PushResult const stored = co_await sending.push(std::move(job));
        JobHandle const handle = sending.handle(stored);
        auto result = detail::typed_result<T>(handle.desk(), handle.ref(), timeout);
        if constexpr (std::is_void_v<T>) {
            co_await std::move(result);
        } else {
            T value = co_await std::move(result);
            co_return value;
        }
    }

    NewJob prepare(detail::JobInfo const& info, EnqueueOptions const& options) const;
    // In the form in which one job is sent.
    std::shared_ptr<NewJob> prepare_one(detail::JobInfo const& info, EnqueueOptions const& options) const;
    // One job on its way to the broker.
    class Sending {
    public:
        Sending(std::shared_ptr<Desk> desk, JobRef ref);
        ~Sending();
        Sending(Sending const&) = delete;
        Sending& operator=(Sending const&) = delete;

        awaitable<PushResult> push(std::shared_ptr<NewJob> job);
        // Throws where it was not stored.
        JobHandle handle(PushResult const& result);

    private:
        std::shared_ptr<Desk> desk_;
        JobRef ref_;
        detail::Operation operation_;
        bool will_be_heard_of_ = false;
    };
    static awaitable<std::vector<JobHandle>> store_all(std::shared_ptr<Desk> desk, std::vector<NewJob> jobs);

    // A broker that is closed with the client.
    struct Owned {
        std::shared_ptr<Broker> broker;
    };
    Client(Owned broker, ClientOptions options);
    Client(boost::asio::any_io_executor executor, Owned broker, ClientOptions options);

    struct Thread;
    std::shared_ptr<Desk> desk_;
    std::unique_ptr<Thread> thread_;  // null on somebody else's executor
    Duration call_timeout_;
};

// ---- several jobs at once

// The endings of many jobs, in the order in which they come.
//
//   cohort::AsCompleted done{jobs};
//   while (done.left() > 0) {
//       std::size_t i = co_await done.next(5s);
//       …done.outcome<double>(i)…
//   }
class AsCompleted {
public:
    // All of one client; not empty.
    template<class T>
    explicit AsCompleted(std::vector<Job<T>> const& jobs)
        : AsCompleted{std::vector<JobHandle>(jobs.begin(), jobs.end())} {}
    explicit AsCompleted(std::vector<JobHandle> jobs);
    ~AsCompleted();
    AsCompleted(AsCompleted&&) noexcept;
    AsCompleted& operator=(AsCompleted&&) noexcept;

    std::size_t left() const noexcept;
    // The index of the next job that has ended. Throws Error(timed_out); call again to go on. Keep this
    // object until it returns.
    awaitable<std::size_t> next(Duration timeout);
    // Of a job whose index next() gave.
    Ending const& ending(std::size_t index) const;
    template<class T>
    Outcome<T> outcome(std::size_t index) const {
        return detail::typed_outcome<T>(ending(index));
    }

private:
    struct State;
    std::unique_ptr<State> state_;
};

namespace detail {
awaitable<std::vector<Ending>> wait_endings(std::vector<JobHandle> jobs, Duration timeout);

template<class T>
awaitable<std::vector<Outcome<T>>> wait_all(std::vector<JobHandle> jobs, Duration timeout) {
    std::vector<Ending> endings = co_await wait_endings(std::move(jobs), timeout);
    std::vector<Outcome<T>> outcomes;
    outcomes.reserve(endings.size());
    for (auto& ending : endings)
        outcomes.push_back(typed_outcome<T>(std::move(ending)));
    co_return outcomes;
}
}  // namespace detail

// The outcomes of all, in the order of the jobs. Throws Error(timed_out) that says how many have not ended.
template<class T>
awaitable<std::vector<Outcome<T>>> wait_all(std::vector<Job<T>> const& jobs, Duration timeout) {
    return detail::wait_all<T>(std::vector<JobHandle>(jobs.begin(), jobs.end()), timeout);
}

}  // namespace cohort
