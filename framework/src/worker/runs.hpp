// SPDX-License-Identifier: MIT
// The jobs that this worker holds: from their claim until the broker has taken their outcome.
#pragma once

#include "io/wake.hpp"

#include <cohort/broker.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace cohort {

class Run;

// Thread-safe.
class Runs {
public:
    void add(std::vector<std::shared_ptr<Run>> const& runs);
    // The broker has its outcome, or will not take it.
    void remove(Run& run);

    // The worker has ended: nobody removes them any more.
    void clear();

    std::size_t size() const;
    bool holds(JobRef const& ref, Token const& token) const;
    std::vector<Held> held(std::string const& incarnation, std::vector<std::string> const& queues) const;
    std::vector<std::shared_ptr<Run>> all() const;
    std::shared_ptr<Run> find(JobRef const& ref, std::string const& incarnation) const;

    // Woken when the last one goes.
    io::Wake empty;

    using Place = std::size_t;  // kept by each run

private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Run>> runs_;  // at most as many as there are slots
};

}  // namespace cohort
