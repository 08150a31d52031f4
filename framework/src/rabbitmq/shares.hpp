// SPDX-License-Identifier: MIT
// How the free slots of a worker are shared among the lines that it waits for, and what is to be done where
// they are not: no I/O.
#pragma once

#include "rabbitmq/life.hpp"

#include <vector>

namespace cohort::rabbitmq {

// What a claim asks for, so far.
struct Wish {
    std::vector<std::string> const& lines;  // where there are priorities, in their order
    std::uint32_t limit = 0;                // of the whole claim
    std::uint32_t missing = 0;              // what it still may be given
    bool has_priorities = false;
    Duration waited = 0s;
};

enum class Plan : std::uint8_t {
    wait,   // jobs come by themselves
    fill,   // there are slots for which no consumer has leave: somebody asks for them
    shift,  // consumers have had leave for a while and nothing came, and other lines have none
    renew,  // the consumers do not fit
};

Plan plan(Life const& life, Wish const& wish);

// Slots for which no consumer has leave.
std::uint32_t uncovered(Life const& life, Wish const& wish);
// Lines from which nothing comes by itself.
std::vector<std::string> bare_lines(Life const& life, std::vector<std::string> const& lines);

// How many of `slots` each of `count` queues gets: as even as can be, the first ones more.
std::vector<std::uint32_t> divide(std::uint32_t slots, std::size_t count, std::size_t first);

}  // namespace cohort::rabbitmq
