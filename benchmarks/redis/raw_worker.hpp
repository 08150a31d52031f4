// SPDX-License-Identifier: MIT
// Raw Redis: one script a turn, which stores the results of one batch and takes the next.
#pragma once

#include "redis/link.hpp"

namespace bench::raw {

// The part to start beside a client's: takes up to what.batch jobs a turn, stores their results and tells of
// them in the list "done".
inline constexpr char const* redis_worker_part = "raw.redis.worker";

class Turns {
public:
    // `tells`: whether somebody waits at "done".
    Turns(Link& link, std::uint32_t batch, bool tells);

    // Runs a job that was taken otherwise; the next turn stores its result.
    void run(std::string_view job) { results_.push_back(answer(job)); }
    // Stores the results so far, takes more jobs and runs them. Returns whether there were any.
    bool turn();
    bool has_results() const { return !results_.empty(); }

private:
    Link& link_;
    std::string const script_;
    std::string const batch_;
    std::string_view const tells_;
    std::vector<std::string> results_;
};

}  // namespace bench::raw
