// SPDX-License-Identifier: MIT
#include "rabbitmq/ladder.hpp"

#include <algorithm>
#include <bit>

namespace cohort::rabbitmq {

Climb plan_climb(Duration delay) noexcept {
    constexpr Duration::rep most = (Duration::rep{1} << ladder_steps) - 1;
    if (delay <= 0s) return {};
    auto const whole = delay / ladder_step + (delay % ladder_step == 0s ? 0 : 1);
    auto const units = std::min<Duration::rep>(whole, most);
    Duration const rest = std::max<Duration>(delay - units * ladder_step, 0s);
    return {static_cast<std::uint32_t>(units), rest};
}

int first_step(std::uint32_t units) noexcept {
    return std::bit_width(units) - 1;
}

std::vector<int> held_by(std::uint32_t units) {
    std::vector<int> steps;
    for (int step = ladder_steps - 1; step >= 0; --step) {
        if ((units >> step & 1U) != 0) steps.push_back(step);
    }
    return steps;
}

std::string climb_key(std::uint32_t units, std::string_view queue) {
    std::string key;
    for (int step = ladder_steps - 1; step >= 0; --step) {
        key += (units >> step & 1U) != 0 ? '1' : '0';
        key += '.';
    }
    return key.append(queue);
}

std::string step_pattern(int number, char digit) {
    std::string pattern;
    for (int step = ladder_steps - 1; step > number; --step)
        pattern += "*.";
    pattern += digit;
    return pattern + ".#";
}

std::string foot_pattern(std::string_view queue) {
    std::string pattern;
    for (int step = 0; step < ladder_steps; ++step)
        pattern += "*.";
    return pattern.append(queue);
}

}  // namespace cohort::rabbitmq
