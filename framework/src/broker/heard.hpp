// SPDX-License-Identifier: MIT
// What a client was told of its jobs by a broker that can tell it once only.
#pragma once

#include <cohort/broker.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <optional>

namespace cohort {

// Remembers a bounded number of jobs, the oldest go first: those that were pushed here, and how they ended.
class Heard {
public:
    // So many jobs, or so many bytes of results, and as many again of those before them.
    static constexpr std::size_t most_jobs = 100'000;
    static constexpr std::size_t most_bytes = std::size_t{64} * 1024 * 1024;

    // We are about to push it.
    void expect(JobRef const& ref);
    // The first word on a job counts: false for every later one.
    bool keep(JobRef const& ref, Ending const& ending);
    // Null as long as nothing is known of its end.
    Ending const* find(JobRef const& ref) const;
    // Nobody will tell us of it: somebody else has pushed it.
    bool is_foreign(JobRef const& ref) const;

private:
    using Jobs = boost::unordered_flat_map<JobRef, std::optional<Ending>, JobRefHash>;
    void make_room();

    Jobs young_;
    Jobs old_;
    std::size_t bytes_ = 0;       // of results in young_
    bool has_forgotten_ = false;  // jobs of ours may be unknown by now
};

}  // namespace cohort
