// SPDX-License-Identifier: MIT
// What a running job may ask, and the exceptions with which it says how it ends.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/log.hpp>
#include <cohort/record.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeindex>

namespace cohort {

// Thrown by a body: this run failed, and the next one is not before `after`. Uses up one of max_retries.
class Retry : public std::runtime_error {
public:
    explicit Retry(Duration after, std::string const& why = "asked for a retry")
        : std::runtime_error{why}, after_{after} {}
    Duration after() const noexcept { return after_; }

private:
    Duration after_;
};

// Thrown by a body: the job failed for good, whatever max_retries says.
class Discard : public std::runtime_error {
public:
    explicit Discard(std::string const& why) : std::runtime_error{why} {}
};

// Thrown by Context::checkpoint() when the run is to stop. Let it pass.
class Stopped : public std::runtime_error {
public:
    Stopped() : std::runtime_error{"the run was asked to stop"} {}
};

enum class StopReason : std::uint8_t { none, timeout, cancelled, shutdown, lease_lost };

// One per run; valid until the body has ended. The worker implements it. A coroutine body uses it on its own
// loop; a plain body from its pool thread.
class Context {
public:
    virtual ~Context() = default;
    Context(Context const&) = delete;
    Context& operator=(Context const&) = delete;

    // The job as it was when it was claimed: ref, name, counters (attempt counts this run), token, times.
    virtual JobRecord const& job() const noexcept = 0;
    std::uint32_t attempt() const noexcept { return job().counters.attempt; }
    std::string_view arguments() const noexcept { return job().arguments; }  // JSON text

    // When this run is to have ended; `never` without a timeout.
    virtual Instant deadline() const noexcept = 0;

    // Why the run is to stop, or none. A coroutine body is cancelled at its next suspension as well; a plain
    // body sees it here only. Any thread.
    virtual StopReason stop_reason() const noexcept = 0;
    bool stop_requested() const noexcept { return stop_reason() != StopReason::none; }
    // Throws Stopped when the run is to stop.
    void checkpoint() const {
        if (stop_requested()) throw Stopped{};
    }

    // JSON text; empty until the body has returned. A decorator may replace it.
    virtual std::string const& result() const noexcept = 0;
    virtual void set_result(std::string json) = 0;

    // Keeps a text with the job that status() shows at once: progress, for instance. At most 8 KiB. Does not
    // wait.
    virtual void note(std::string_view text) = 0;

    // Has `write` called in the step that stores the success of this run, with the store's own handle. Not
    // for bodies: <cohort/sqlite.hpp> makes a typed call of it. Throws Error(errc::not_supported) where the
    // broker has no such step.
    virtual void add_commit_hook(std::function<void(void* handle)> write);

    // The object that the worker was given with provide(). Throws Error(errc::invalid_config) when there is
    // none.
    template<class T>
    T& get() const {
        return *static_cast<T*>(provided(typeid(T)).get());
    }

    // One line with the job's name, id and attempt in front.
    void log(LogLevel level, std::string_view text) const;

protected:
    Context() = default;
    virtual std::shared_ptr<void> provided(std::type_index type) const = 0;
};

}  // namespace cohort
