// SPDX-License-Identifier: MIT
// What is in the queues of a RabbitMQ server, asked by librabbitmq's own client, which shares no line with
// ours.
#pragma once

#include "faults/store.hpp"

#include <string>
#include <vector>

namespace faults {

struct Depth {
    std::uint32_t ready = 0;  // messages that nobody has been given
    std::uint32_t consumers = 0;
    bool is_there = false;
};

// Each call has a connection of its own. Throws std::runtime_error where there is no server.
class RabbitReader {
public:
    explicit RabbitReader(std::string url) : url_{std::move(url)} {}

    Depth depth(std::string const& queue) const;
    // The messages of a queue of dead jobs, as the manual says that they are made. They stay there.
    std::vector<StoredJob> dead(std::string const& queue) const;
    // Messages by hand: a type and a body, and no more.
    void publish(std::string const& queue, std::string const& type, std::string const& body) const;
    void purge(std::string const& queue) const;
    void remove(std::string const& queue) const;

private:
    std::string const url_;
};

}  // namespace faults
