// SPDX-License-Identifier: MIT
// Jobs and what became of them, as messages. docs/brokers/rabbitmq.md says what is where.
#pragma once

#include "rabbitmq/channel.hpp"

#include <cohort/broker.hpp>

#include <list>
#include <string>

namespace cohort::rabbitmq {

// Owns what its properties refer to, beside the job that it was made of: that must outlive it.
class Message {
public:
    amqp_basic_properties_t const& properties() const noexcept { return properties_; }

    Message() = default;
    Message(Message const&) = delete;
    Message& operator=(Message const&) = delete;

private:
    friend std::unique_ptr<Message> encode_job(JobRecord const& job, Duration rest);
    friend std::unique_ptr<Message> encode_ending(JobRecord const& job);
    void finish();

    amqp_basic_properties_t properties_{};
    Table headers_;
    std::list<std::string> texts_;
};

// A job that waits, with its counters; its arguments are the body. `rest`: of its delay, behind the ladder.
std::unique_ptr<Message> encode_job(JobRecord const& job, Duration rest);

struct Delivered {
    JobRecord job;                // counters as they are with this delivery, whose run has not begun
    Duration rest = 0s;           // of its delay
    std::uint32_t came_back = 0;  // this very message, each time from a worker that was lost
    std::string fault;            // why this is no job; then it is one that failed with it
};
// Of any message, whoever sent it.
Delivered decode_job(Delivery delivery, std::string_view line, Instant now);

// For its client: how a job has ended; its result is the body.
std::unique_ptr<Message> encode_ending(JobRecord const& job);
// Throws Error(protocol_error).
EndedJob decode_ending(Delivery delivery);

}  // namespace cohort::rabbitmq
