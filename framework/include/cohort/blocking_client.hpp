// SPDX-License-Identifier: MIT
// The same verbs as Client, for code without coroutines: each call blocks its thread until it has its answer.
//
//   cohort::BlockingClient client{"sqlite:shop.db"};
//   double total = client.enqueue_job<shop::price>(order, "USD").result(5s);
#pragma once

#include <cohort/client.hpp>
#include <cohort/detail/io/keep.hpp>

#include <optional>
#include <utility>

namespace cohort {

namespace detail {

class Caller;

// Runs it on the client's own thread while this one waits. Throws Error(wrong_thread) on that very thread.
void block_on(Caller& caller, awaitable<void> operation);

template<class T>
T blocking(Caller& caller, awaitable<T> operation) {
    if constexpr (std::is_void_v<T>) {
        block_on(caller, std::move(operation));
    } else {
        std::optional<T> result;
        block_on(caller, keep(std::move(operation), result));
        return std::move(*result);
    }
}

}  // namespace detail

// See Job: the same promises, without the await.
template<class T>
class BlockingJob {
public:
    BlockingJob(std::shared_ptr<detail::Caller> caller, Job<T> job)
        : caller_{std::move(caller)}, job_{std::move(job)} {}

    JobRef const& ref() const noexcept { return job_.ref(); }
    Id const& id() const noexcept { return job_.id(); }
    bool is_duplicate() const noexcept { return job_.is_duplicate(); }

    T result(Duration timeout) const { return detail::blocking(*caller_, job_.result(timeout)); }
    T take_result(Duration timeout) const { return detail::blocking(*caller_, job_.take_result(timeout)); }
    std::optional<detail::Kept<T>> try_result() const {
        return detail::blocking(*caller_, job_.try_result());
    }
    bool wait(Duration timeout) const { return detail::blocking(*caller_, job_.wait(timeout)); }
    Outcome<T> outcome(Duration timeout) const { return detail::blocking(*caller_, job_.outcome(timeout)); }
    std::optional<JobRecord> status() const { return detail::blocking(*caller_, job_.status()); }
    CancelVerdict cancel() const { return detail::blocking(*caller_, job_.cancel()); }
    Job<T> const& job() const noexcept { return job_; }

private:
    std::shared_ptr<detail::Caller> caller_;
    Job<T> job_;
};

// Thread-safe. Owns one I/O thread; refuses to be called on it.
class BlockingClient {
public:
    // Defined in the room `open`: link cohort::cohort.
    explicit BlockingClient(std::string_view url, ClientOptions options = {});
    explicit BlockingClient(std::shared_ptr<Broker> broker, ClientOptions options = {});

    template<auto J, class... Args>
        requires(!detail::starts_with_options<Args...>)
    COHORT_NODEBUG auto enqueue_job(Args&&... args) {
        return job(client_.enqueue<detail::meta_of<J>>(EnqueueOptions{}, args...));
    }
    template<auto J, class... Args>
    COHORT_NODEBUG auto enqueue_job(EnqueueOptions options, Args&&... args) {
        return job(client_.enqueue<detail::meta_of<J>>(options, args...));
    }
    template<auto J, class Range>
    COHORT_NODEBUG auto enqueue_jobs(Range const& calls) {
        return jobs(detail::blocking(*caller_, client_.enqueue_all<detail::meta_of<J>>(calls)));
    }
    std::vector<JobHandle> enqueue_batch(Batch const& batch) {
        return detail::blocking(*caller_, client_.enqueue_batch(batch));
    }
    BlockingJob<Json> enqueue_named(std::string_view name, std::string arguments,
                                    EnqueueOptions options = {}) {
        return job(client_.enqueue_named(name, std::move(arguments), options));
    }
    template<auto J, class... Args>
    COHORT_NODEBUG auto call(Args&&... args) {
        return detail::blocking(*caller_, client_.call_of<detail::meta_of<J>>(args...));
    }
    template<class T>
    std::vector<Outcome<T>> wait_all(std::vector<BlockingJob<T>> const& all, Duration timeout) {
        std::vector<JobHandle> handles;
        for (auto const& one : all)
            handles.push_back(one.job());
        return detail::blocking(*caller_, detail::wait_all<T>(std::move(handles), timeout));
    }

    // A handle of a job that somebody else enqueued.
    template<class T = Json>
    BlockingJob<T> find(JobRef ref) const {
        return BlockingJob<T>{caller_, client_.find<T>(std::move(ref))};
    }

    void close() noexcept { client_.close(); }
    Client& client() noexcept { return client_; }

private:
    template<class T>
    BlockingJob<T> job(awaitable<Job<T>> operation) {
        return BlockingJob<T>{caller_, detail::blocking(*caller_, std::move(operation))};
    }
    template<class T>
    std::vector<BlockingJob<T>> jobs(std::vector<Job<T>> all) {
        std::vector<BlockingJob<T>> made;
        for (auto& one : all)
            made.emplace_back(caller_, std::move(one));
        return made;
    }

    std::shared_ptr<detail::Caller> caller_;
    Client client_;
};

}  // namespace cohort
