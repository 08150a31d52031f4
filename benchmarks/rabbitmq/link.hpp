// SPDX-License-Identifier: MIT
// The raw limit of RabbitMQ: the same types of queues as Cohort's (jobs in a quorum queue, results in a
// classic one, both durable, messages persistent), confirms and acks in batches, blocking librabbitmq,
// nothing else. Nothing is retried, delayed, counted or told apart.
#pragma once

#include "support/case.hpp"
#include "support/job_line.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

struct amqp_connection_state_t_;

namespace bench::raw {

// One connection, one channel, one thread: it publishes, or it consumes. Whatever goes wrong is thrown.
class RabbitLink {
public:
    explicit RabbitLink(Case const& what);
    ~RabbitLink();
    RabbitLink(RabbitLink const&) = delete;
    RabbitLink& operator=(RabbitLink const&) = delete;

    // "jobs" or "results".
    void declare(std::string const& queue);
    // Also where it is not there.
    void remove(std::string const& name);
    // Messages in a queue of this whole name.
    std::uint32_t depth(std::string const& name);
    std::string name(std::string const& queue) const { return space_ + ":raw:" + queue; }

    void publish(std::string const& queue, std::string_view body);
    // Of all that was published.
    void await_confirms();

    void consume(std::string const& queue, std::uint32_t prefetch);
    // The next message, or nothing for so long.
    std::optional<std::string> next(std::chrono::milliseconds patience);
    // All that next() has given.
    void ack();

private:
    void check(char const* what) const;

    amqp_connection_state_t_* state_;
    std::string space_;
    bool confirms_ = false;
    std::uint64_t published_ = 0;
    std::uint64_t confirmed_ = 0;     // all up to this one,
    std::set<std::uint64_t> beyond_;  // and these
    std::uint64_t youngest_ = 0;      // delivery
};

}  // namespace bench::raw
