// SPDX-License-Identifier: MIT
// What the log says of a verb and of its reply, at level debug: queues and counts; no arguments, no results.
#pragma once

#include <cohort/broker.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cohort {

// "queue mail", "queues mail, shop", "queues a, b, c and 2 more"; "" for none.
std::string queues_of(std::vector<std::string> const& queues);
std::string queues_of(std::vector<JobRef> const& refs);
std::string queues_of(std::vector<NewJob> const& jobs);
std::string queues_of(std::vector<Settlement> const& settlements);

// "2 stored, 1 duplicate", "3 jobs", "retired", …
std::string tell(std::vector<PushResult> const& results);
std::string tell(std::vector<Verdict> const& verdicts);
std::string tell(std::vector<CancelVerdict> const& verdicts);
std::string tell(std::vector<bool> const& forgotten);
std::string tell(std::vector<std::optional<JobRecord>> const& records);
std::string tell(std::vector<Ending> const& endings);
std::string tell(std::vector<EndedJob> const& ended);
std::string tell(ClaimReply const& reply);
std::string tell(BeatReply const& reply);
std::string tell(UpkeepReply const& reply);

}  // namespace cohort
