// SPDX-License-Identifier: MIT
// One channel of a connection, without I/O: questions and their answers, confirms, deliveries.
#pragma once

#include "io/wake.hpp"
#include "rabbitmq/codec.hpp"

#include <cohort/awaitable.hpp>
#include <cohort/time.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cohort::rabbitmq {

class Session;

// A message that came: by basic.deliver, get-ok or return.
struct Delivery {
    std::string consumer;  // its tag; "" when it was asked for
    std::uint64_t tag = 0;
    bool redelivered = false;
    std::string exchange;
    std::string routing_key;
    std::shared_ptr<Arena> arena;
    amqp_basic_properties_t const* properties = nullptr;  // in the arena
    std::string body;
};

// What a question was answered.
struct Answer {
    amqp_method_number_t asked = 0;
    bool is_done = false;
    std::exception_ptr error;
    amqp_method_number_t id = 0;
    std::uint32_t messages = 0;        // declare-ok
    std::optional<Delivery> delivery;  // get-ok
    io::Wake wake;
};
using AnswerPtr = std::shared_ptr<Answer>;

enum class Fate : std::uint8_t {
    pending,    // nothing is known of it
    confirmed,  // the server has it, as durable as its queue is
    returned,   // no queue was there to take it
    refused,    // the server could not store it
    lost,       // the channel has ended before it was known
};

// Messages that were published together.
struct Batch {
    std::vector<Fate> fates;
    std::vector<std::string> reasons;  // of those that were returned
    std::size_t open = 0;
    io::Wake wake;
};
using BatchPtr = std::shared_ptr<Batch>;

struct Publication {
    std::string_view exchange;
    std::string_view routing_key;
    amqp_basic_properties_t properties{};
    std::string_view body;
    bool is_mandatory = false;
};

// On the connection's thread only. Ends with its connection, or when the server closes it; then every
// question ends with an error and every message that is not confirmed is lost.
class Channel : public std::enable_shared_from_this<Channel> {
public:
    Channel(Session& session, std::uint16_t number) : session_{&session}, number_{number} {}

    std::uint16_t number() const noexcept { return number_; }
    bool is_open() const noexcept { return session_ != nullptr && !trouble_; }
    std::exception_ptr trouble() const noexcept { return trouble_; }
    // The server's reply code, when it was the one who closed it; else 0.
    std::uint16_t close_code() const noexcept { return close_code_; }

    // Several may be under way.
    AnswerPtr ask(amqp_method_number_t id, void const* fields);
    void tell(amqp_method_number_t id, void const* fields);
    // Needs confirm.select before.
    void publish(BatchPtr const& batch, Publication publication);
    // `Upto::here`: with all deliveries before it.
    enum class Upto : bool { only, here };
    void ack(std::uint64_t tag, Upto upto = Upto::only);
    // These, in as few words as may be: where they are the oldest that are not acked, in one.
    void ack(std::vector<std::uint64_t> tags);
    // Acks that are said meanwhile go out behind it, or with the channel's end.
    class Hold {
    public:
        explicit Hold(std::shared_ptr<Channel> channel);
        ~Hold();
        Hold(Hold const&) = delete;
        Hold& operator=(Hold const&) = delete;

    private:
        std::shared_ptr<Channel> const channel_;
    };
    // All up to this one go back to their queues.
    void give_back(std::uint64_t tag);
    void close();

    std::function<void(Delivery)> on_delivery;
    std::function<void(std::string consumer)> on_cancel;  // the server has ended a consumer
    std::function<void()> on_end;

    // ---- the session's side
    void take(Method const& method);
    void take(Delivery delivery, amqp_method_number_t how);
    void end(std::exception_ptr reason, std::uint16_t code);
    bool is_closing() const noexcept { return is_closing_; }

private:
    struct Sent {
        BatchPtr batch;
        std::size_t index;
        bool is_returned = false;
    };

    void say_held_acks();
    void answer(amqp_method_number_t id, std::uint32_t messages, std::optional<Delivery> delivery);
    void confirm(std::uint64_t tag, bool is_multiple, Fate fate);

    Session* session_;
    std::uint16_t const number_;
    bool is_closing_ = false;
    std::exception_ptr trouble_;
    std::uint16_t close_code_ = 0;
    std::deque<AnswerPtr> asked_;
    std::uint64_t published_ = 0;
    std::map<std::uint64_t, Sent> sent_;
    std::set<std::uint64_t> unacked_;
    int holds_ = 0;
    std::vector<amqp_basic_ack_t> held_acks_;
};
using ChannelPtr = std::shared_ptr<Channel>;

// Throws what went wrong, or Error(uncertain) when no answer comes in `limit`.
awaitable<void> wait_for(AnswerPtr answer, Duration limit);
// Until all is known, or for so long; throws nothing.
awaitable<void> wait_for(BatchPtr batch, Duration limit);
// Until the server has taken what was said before, or for so long; throws nothing. Acks are not answered, and
// the end of a connection overtakes those that a busy server has not got round to.
awaitable<void> await_taken(ChannelPtr channel, Duration limit);

}  // namespace cohort::rabbitmq
