// SPDX-License-Identifier: MIT
// What a client or a worker is doing just now, one entry for each job and operation.
//
//   for (auto const& one : client.under_way())
//       std::cout << one.ref.id << " " << to_string(one.doing) << " for " << to_string(one.age) << "\n";
#pragma once

#include <cohort/record.hpp>
#include <cohort/time.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cohort {

enum class Doing : std::uint8_t {
    enqueue,  // a client: a new job is on its way to the broker
    wait,     // for the end of a job; once for each coroutine that waits
    read,     // a status or a result
    cancel,
    forget,
    run,  // a worker: the body of a job
};

std::string_view to_string(Doing doing) noexcept;

enum class Phase : std::uint8_t {
    asked,     // the broker has been asked and has not answered yet
    waiting,   // for the end of the job
    running,   // the body
    stopping,  // the body has been asked to end
    settling,  // the body has ended, or was given up; the broker has not taken the outcome yet
};

std::string_view to_string(Phase phase) noexcept;

struct UnderWay {
    JobRef ref;
    Doing doing = Doing::enqueue;
    Duration age = 0s;  // since it began, by this machine's clock
    Phase phase = Phase::asked;
};

namespace detail {

// A place in a client's list of what is under way. Whoever has it keeps the refs, and leaves before they go.
struct Operation {
    JobRef const* refs = nullptr;
    std::size_t count = 0;
    Doing doing = Doing::enqueue;
    Duration begun{};
    Operation* previous = nullptr;
    Operation* next = nullptr;
    bool is_listed = false;
};

// The first entry of this id.
std::optional<UnderWay> find_under_way(std::vector<UnderWay> all, std::string_view id);

}  // namespace detail
}  // namespace cohort
