// SPDX-License-Identifier: MIT
// The loop that stops runs which take too long.
#pragma once

#include "io/wake.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

#include <memory>
#include <mutex>
#include <set>

namespace cohort {

class Run;

// Thread-safe. A coroutine body past its limit is cancelled, and given up when it has not ended
// `cancel_grace` later; a plain body cannot be cancelled, only told, so it is given up at once.
class Limits {
public:
    // `now` is the steady time of the loop's executor.
    void add(std::shared_ptr<Run> const& run, Duration now);
    void remove(Run const& run);
    awaitable<void> enforce(Duration cancel_grace);

private:
    struct Limit {
        Duration at;
        Run const* run;
        std::weak_ptr<Run> weak;
        bool is_told = false;
        bool operator<(Limit const& other) const noexcept {
            return at != other.at ? at < other.at : run < other.run;
        }
    };

    std::mutex mutex_;
    std::set<Limit> limits_;
    io::Wake changed_;
};

}  // namespace cohort
