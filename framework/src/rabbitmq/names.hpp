// SPDX-License-Identifier: MIT
// What queues and exchanges are called. No part of a name holds a colon.
#pragma once

#include <string>
#include <string_view>

namespace cohort::rabbitmq {

class Names {
public:
    explicit Names(std::string_view space) : prefix_{"cohort:" + std::string{space} + ":"} {}

    // Jobs that are due.
    std::string jobs(std::string_view queue) const { return prefix_ + "jobs:" + std::string{queue}; }
    // Jobs that failed for good, and what the server took out of the queue.
    std::string dead(std::string_view queue) const { return prefix_ + "dead:" + std::string{queue}; }
    // What a client is told.
    std::string replies(std::string_view client) const { return prefix_ + "replies:" + std::string{client}; }
    // The ladder of delays: an exchange and a queue for each step, and the exchange at its foot.
    std::string step(int number) const { return prefix_ + "delay:" + std::to_string(number); }
    std::string due() const { return prefix_ + "due"; }

private:
    std::string prefix_;
};

}  // namespace cohort::rabbitmq
