// SPDX-License-Identifier: MIT
// Tickets: "there may be work in this queue". Published where a job has begun to wait in the store; a worker
// that is given one looks there. A ticket may be lost, and may come for nothing.
#pragma once

#include "rabbitmq/engine.hpp"

#include <map>
#include <string>

namespace cohort::rabbitmq {

// On the engine's executor only, but for the constructor.
class Tickets : public std::enable_shared_from_this<Tickets> {
public:
    using Counts = std::map<std::string, std::uint32_t, std::less<>>;  // by queue

    explicit Tickets(EnginePtr engine) : engine_{std::move(engine)} {}

    // Returns when the server has them, or when it cannot take them now: then they are owed, and go out with
    // the next ones, or when it is back. Throws nothing.
    awaitable<void> publish(Counts counts);
    // The server is back.
    void publish_owed();

private:
    // What is confirmed is taken out of `counts`. Throws Error.
    awaitable<void> publish_all(Counts& counts);
    awaitable<bool> publish_once(Counts& counts);
    void owe(Counts const& counts);

    EnginePtr const engine_;
    Counts owed_;
};
using TicketsPtr = std::shared_ptr<Tickets>;

// So many workers at most are called at once; each calls the next one when it leaves something.
inline constexpr std::uint32_t most_called = 16;

}  // namespace cohort::rabbitmq
