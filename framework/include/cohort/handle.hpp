// SPDX-License-Identifier: MIT
// What is left in the caller's hand after an enqueue: the way to a job's status, its result and its
// cancellation.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/broker.hpp>
#include <cohort/job.hpp>
#include <cohort/payload.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cohort {

class Desk;

// A wait without a limit. Prefer a limit.
inline constexpr Duration no_timeout = Duration::max();

// A job that ended, but not with a result. what() is a sentence for people.
class JobEnded : public std::runtime_error {
public:
    JobEnded(JobRef ref, Ending ending);

    JobRef const& job() const noexcept { return ref_; }
    Ending const& ending() const noexcept { return ending_; }
    std::uint32_t attempt() const noexcept { return ending_.attempt; }

private:
    JobRef ref_;
    Ending ending_;
};

// It failed for good: reason() says how, error() what the body said.
class JobFailed : public JobEnded {
public:
    using JobEnded::JobEnded;
    FailReason reason() const noexcept { return ending().reason; }
    Text const& error() const noexcept { return ending().error; }
};
class JobCancelled : public JobEnded {
public:
    using JobEnded::JobEnded;
};
// It did not start in time.
class JobExpired : public JobEnded {
public:
    using JobEnded::JobEnded;
};

// How a job ended, as a value. Exactly when state is succeeded there is a value.
template<class T>
struct Outcome {
    JobState state = JobState::failed;
    std::optional<std::conditional_t<std::is_void_v<T>, std::monostate, T>> value;
    FailReason reason = FailReason::none;
    std::string error;
    std::uint32_t attempt = 0;

    bool has_value() const noexcept { return value.has_value(); }
};

namespace detail {

// What a value of T is kept as: void as nothing.
template<class T>
using Kept = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

// Waits, then throws unless the job succeeded.
awaitable<Text> text_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout);
awaitable<Ending> wait_ending(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout);

template<class T>
T typed_value(std::string_view text) {
    if constexpr (std::is_same_v<T, Json>)
        return Json{std::string{text}};
    else
        return decode_result<T>(text);
}

// Does not wait: nothing while the job goes on; throws when it ended, and not with a result.
awaitable<std::optional<Text>> text_result_so_far(std::shared_ptr<Desk> desk, JobRef ref);
awaitable<bool> has_ended(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout);

template<class T>
awaitable<std::optional<Kept<T>>> typed_result_so_far(std::shared_ptr<Desk> desk, JobRef ref) {
    std::optional<Kept<T>> value;
    std::optional<Text> const text = co_await text_result_so_far(std::move(desk), std::move(ref));
    if (!text) co_return value;
    if constexpr (std::is_void_v<T>)
        value.emplace();
    else
        value.emplace(typed_value<T>(*text));
    co_return value;
}

awaitable<Text> take_text_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout);

template<class T>
awaitable<T> typed_taken_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    Text const text = co_await take_text_result(std::move(desk), std::move(ref), timeout);
    if constexpr (!std::is_void_v<T>) co_return typed_value<T>(text);
}

template<class T>
awaitable<T> typed_result(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    Text const text = co_await text_result(std::move(desk), std::move(ref), timeout);
    if constexpr (!std::is_void_v<T>) co_return typed_value<T>(text);
}

template<class T>
Outcome<T> typed_outcome(Ending ending) {
    Outcome<T> outcome;
    outcome.state = ending.state;
    outcome.reason = ending.reason;
    outcome.error = std::move(ending.error);
    outcome.attempt = ending.attempt;
    if (ending.state == JobState::succeeded) {
        if constexpr (std::is_void_v<T>)
            outcome.value.emplace();
        else
            outcome.value.emplace(typed_value<T>(ending.result));
    }
    return outcome;
}

template<class T>
awaitable<Outcome<T>> outcome(std::shared_ptr<Desk> desk, JobRef ref, Duration timeout) {
    Ending ending = co_await wait_ending(std::move(desk), std::move(ref), timeout);
    co_return typed_outcome<T>(std::move(ending));
}

}  // namespace detail

// A job of unknown result type. Copies name the same job. Stays valid when the client is gone; then its calls
// throw Error(closed).
//
// Every wait takes a timeout > 0 and throws Error(timed_out) when the job has not ended by then; the job goes
// on, and may be waited for again. A job that nobody knows (any more) throws Error(job_not_found) at once. A
// cancelled wait ends with Asio's operation_aborted and leaves the job alone.
class JobHandle {
public:
    JobHandle() = default;
    JobHandle(std::shared_ptr<Desk> desk, JobRef ref, bool is_duplicate)
        : desk_{std::move(desk)}, ref_{std::move(ref)}, is_duplicate_{is_duplicate} {}

    JobRef const& ref() const noexcept { return ref_; }
    Id const& id() const noexcept { return ref_.id; }
    // The unique key was held: nothing was stored, and this is the job that holds it.
    bool is_duplicate() const noexcept { return is_duplicate_; }

    // The record as it is now; nothing when it is unknown.
    awaitable<std::optional<JobRecord>> status() const;
    awaitable<Ending> ending(Duration timeout) const { return detail::wait_ending(desk_, ref_, timeout); }
    // True when it has ended, however; false when it has not within the timeout.
    awaitable<bool> wait(Duration timeout) const { return detail::has_ended(desk_, ref_, timeout); }
    // A waiting job never runs. A running one is asked to stop; how it ended then, its ending says.
    awaitable<CancelVerdict> cancel() const;

    std::shared_ptr<Desk> const& desk() const noexcept { return desk_; }

protected:
    std::shared_ptr<Desk> desk_;
    JobRef ref_;
    bool is_duplicate_ = false;
};

template<class T>
class Job : public JobHandle {
public:
    Job() = default;
    explicit Job(JobHandle handle) : JobHandle{std::move(handle)} {}

    // The result, or JobFailed, JobCancelled, JobExpired.
    awaitable<T> result(Duration timeout) const { return detail::typed_result<T>(desk_, ref_, timeout); }
    // The result, and then nothing of the job is kept: it cannot be read again, by nobody. A job that did not
    // succeed is kept, and thrown as by result(). Needs the broker's capability forget.
    awaitable<T> take_result(Duration timeout) const {
        return detail::typed_taken_result<T>(desk_, ref_, timeout);
    }
    // Does not wait: nothing while the job goes on, else what result() gives or throws.
    awaitable<std::optional<detail::Kept<T>>> try_result() const {
        return detail::typed_result_so_far<T>(desk_, ref_);
    }
    // How it ended, as a value.
    awaitable<Outcome<T>> outcome(Duration timeout) const { return detail::outcome<T>(desk_, ref_, timeout); }
};

}  // namespace cohort
