// SPDX-License-Identifier: MIT
// Delays as a ladder: queues that hold every message for 100 ms · 2^n, and exchanges that send it from one to
// the next by the digits of its delay.
#pragma once

#include <cohort/time.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::rabbitmq {

inline constexpr Duration ladder_step = 100ms;
// The server's longest time to live is 2^32 ms: 100 ms · 2^25 is the last that fits.
inline constexpr int ladder_steps = 26;

struct Climb {
    std::uint32_t units = 0;  // of 100 ms, to be spent on the ladder now
    Duration rest = 0s;       // still to be waited for behind it
};

// Rounded up, so that no job is early. At most 77 days at a time.
Climb plan_climb(Duration delay) noexcept;
// Where a message enters: the highest step that holds it. Units are more than 0.
int first_step(std::uint32_t units) noexcept;
// The steps that hold it.
std::vector<int> held_by(std::uint32_t units);
// "0.0.1. … .queue": a digit for each step, the highest first.
std::string climb_key(std::uint32_t units, std::string_view queue);
// Of the messages that step `number` holds (digit '1') or lets pass ('0').
std::string step_pattern(int number, char digit);
// Of the messages that are meant for this queue.
std::string foot_pattern(std::string_view queue);

}  // namespace cohort::rabbitmq
