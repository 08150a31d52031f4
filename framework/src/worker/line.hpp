// SPDX-License-Identifier: MIT
// Outcomes on their way to the broker. Whoever has one puts it here and goes on; the settle loop takes them
// in batches.
#pragma once

#include "io/wake.hpp"

#include <cohort/state.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace cohort {

class Run;

struct Outgoing {
    Settlement settlement;
    std::shared_ptr<Run> run;    // whose slot is free when it is delivered; null: nobody's
    std::uint32_t failures = 0;  // how many calls with it have failed
};

// Thread-safe.
class Line {
public:
    void put(Settlement settlement, std::shared_ptr<Run> run = nullptr);
    // What is there, oldest first; at most `most`. One that has failed more than once comes alone, so that it
    // takes no others with it.
    std::vector<Outgoing> take(std::size_t most);
    // They could not be delivered: behind the others, which they must not hold up.
    void put_behind(std::vector<Outgoing> outgoing);
    // So many of those taken have been delivered.
    void delivered(std::size_t count);
    bool is_idle() const;  // nothing here, nothing on its way
    // Nobody will deliver anything any more: drops what is here, and whatever comes.
    void close();

    io::Wake filled;
    io::Wake idle;

private:
    mutable std::mutex mutex_;
    std::vector<Outgoing> waiting_;
    std::size_t on_the_way_ = 0;
    bool closed_ = false;
};

}  // namespace cohort
