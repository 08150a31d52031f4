// SPDX-License-Identifier: MIT
// Jobs that have lost more than one worker, and the loop that runs each of them alone.
#pragma once

#include "io/wake.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/record.hpp>

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>

namespace cohort {

class Run;

// A job that kills its process takes its neighbours with it, and each of them counts the loss as its own.
// After the second loss nobody can say any more who it was; so suspects get the worker to themselves, one
// after the other, and the innocent ones end well. Thread-safe.
class Suspects {
public:
    static bool is_one(JobRecord const& job) noexcept { return job.counters.lost >= 2; }

    void add(std::shared_ptr<Run> run);
    // Null: there is none that has not begun.
    std::shared_ptr<Run> first() const;
    std::shared_ptr<Run> take_first();
    // The one that was taken needs the worker no longer.
    void first_done() noexcept { --count_; }
    std::size_t waiting() const;
    // While there is one, waiting or running, nothing else is to begin.
    bool any() const noexcept { return count_ > 0; }

    io::Wake changed;  // one was added, or some run has ended

private:
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<Run>> waiting_;
    std::atomic<std::size_t> count_ = 0;
};

}  // namespace cohort
