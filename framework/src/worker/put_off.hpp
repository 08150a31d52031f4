// SPDX-License-Identifier: MIT
// Outcomes that a broker did not take, until it is time to offer them again.
#pragma once

#include "worker/line.hpp"

#include <cohort/time.hpp>

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace cohort {

// What belongs to one job stays together and in order: a note does not overtake a later one, nor an outcome
// the notes before it. Used by one settle loop alone.
class PutOff {
public:
    // How long an outcome waits that has been refused so many times.
    using Pause = std::function<Duration(std::uint32_t failures)>;

    // These have been refused once more.
    void add(std::vector<Outgoing> refused, Duration now, Pause const& pause);
    // Takes from the batch what belongs to a job that waits here, and keeps it.
    void keep_company(std::vector<Outgoing>& batch);
    // What may be offered again: that of the job that has waited longest first.
    std::vector<Outgoing> take_due(Duration now);
    bool empty() const noexcept { return groups_.empty(); }
    // When the next may be offered again; nothing when none waits.
    std::optional<Duration> next() const;

private:
    struct Group {
        Duration due{};
        std::vector<Outgoing> outgoing;  // of one job, oldest first
    };
    std::map<JobRef, Group> groups_;
};

}  // namespace cohort
