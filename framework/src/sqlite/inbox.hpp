// SPDX-License-Identifier: MIT
// The way from coroutines to a thread: operations go in, the thread sleeps until there are some.
#pragma once

#include "sqlite/operation.hpp"

#include <cohort/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cohort::sqlite {

class Inbox {
public:
    using Deadline = std::optional<std::chrono::steady_clock::time_point>;

    // `file` is for messages. Throws Error when the process has no descriptor left.
    explicit Inbox(std::string file);
    ~Inbox();
    Inbox(Inbox const&) = delete;
    Inbox& operator=(Inbox const&) = delete;

    // Any thread. Throws Error(errc::closed).
    void put(std::shared_ptr<Operation> operation);
    // Any thread. Nothing more comes in; the thread is woken.
    void close() noexcept;
    bool is_closed() const noexcept { return closed_.load(); }
    // Any thread. The file cannot be used any more: whatever is here, and whatever comes, ends with this.
    void fail(std::exception_ptr error) noexcept;
    std::exception_ptr failure() const;

    // The thread: sleeps until there is something, or `other_fd` is readable (-1: none), or the deadline has
    // passed.
    void sleep(int other_fd, Deadline deadline);
    std::vector<std::shared_ptr<Operation>> take();

    // Says whether the thread is held up by another program's lock: a caller whose patience ends then hears
    // of it.
    void set_blocked(bool blocked) noexcept { blocked_.store(blocked); }
    bool is_blocked() const noexcept { return blocked_.load(); }
    std::string const& file() const noexcept { return file_; }

private:
    void signal() noexcept;
    bool linger();

    std::string const file_;
    int const event_;
    mutable std::mutex mutex_;
    std::exception_ptr failure_;
    std::vector<std::shared_ptr<Operation>> operations_;
    std::atomic<std::size_t> waiting_{0};  // how many there are
    bool is_fresh_ = false;                // the thread's: it has just had some
    std::atomic<bool> asleep_{false};
    std::atomic<bool> closed_{false};
    std::atomic<bool> blocked_{false};
};

// Hands the operation over and waits for its end. Cancelled before it began, it never happens:
// operation_aborted, or Error(errc::busy) when another program's lock was what it waited for. Cancelled later
// it ends as it ends.
awaitable<void> perform(std::shared_ptr<Inbox> inbox, std::shared_ptr<Operation> operation);

}  // namespace cohort::sqlite
