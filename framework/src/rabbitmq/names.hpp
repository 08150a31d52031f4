// SPDX-License-Identifier: MIT
// What queues and exchanges are called. No part of a name holds a colon.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cohort::rabbitmq {

// A queue has a line for its jobs, and where priorities are asked for two more: for urgent ones, and for
// those that have time. The usual line has the queue's own name; no queue's name holds a plus.
inline constexpr std::string_view urgent_suffix = "+urgent";
inline constexpr std::string_view patient_suffix = "+patient";

inline std::string line_of(std::string_view queue, std::int32_t priority, bool has_priorities) {
    std::string line{queue};
    if (!has_priorities || priority == 0) return line;
    return line.append(priority > 0 ? urgent_suffix : patient_suffix);
}
inline std::string queue_of(std::string_view line) {
    return std::string{line.substr(0, line.find('+'))};
}
// In the order in which they are to be emptied.
inline std::vector<std::string> lines_of(std::string_view queue, bool has_priorities) {
    if (!has_priorities) return {std::string{queue}};
    return {line_of(queue, 1, true), std::string{queue}, line_of(queue, -1, true)};
}

class Names {
public:
    explicit Names(std::string_view space) : prefix_{"cohort:" + std::string{space} + ":"} {}

    // Jobs that are due, of one line.
    std::string jobs(std::string_view line) const { return prefix_ + "jobs:" + std::string{line}; }
    // Jobs that failed for good, and what the server took out of the queue.
    std::string dead(std::string_view queue) const { return prefix_ + "dead:" + std::string{queue}; }
    // Where jobs are in a store: calls to look there.
    std::string tickets(std::string_view queue) const { return prefix_ + "tickets:" + std::string{queue}; }
    // What a client is told.
    std::string replies(std::string_view client) const { return prefix_ + "replies:" + std::string{client}; }
    // The ladder of delays: an exchange and a queue for each step, and the exchange at its foot.
    std::string step(int number) const { return prefix_ + "delay:" + std::to_string(number); }
    std::string due() const { return prefix_ + "due"; }

private:
    std::string prefix_;
};

}  // namespace cohort::rabbitmq
