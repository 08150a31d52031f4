// SPDX-License-Identifier: MIT
#include "rabbitmq/link.hpp"

#include "rabbitmq/raw.hpp"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdexcept>
#include <sys/time.h>

namespace bench::raw {

namespace {

constexpr amqp_channel_t channel = 1;

amqp_bytes_t bytes_of(std::string_view text) {
    return {text.size(), const_cast<char*>(text.data())};  // NOLINT: the library only reads it
}

}  // namespace

RabbitLink::RabbitLink(Case const& what) : state_{amqp_new_connection()} {
    auto const place = rabbitmq_place(what);
    space_ = place.space;
    auto* const socket = amqp_tcp_socket_new(state_);
    if (socket == nullptr || amqp_socket_open(socket, "127.0.0.1", place.port) != 0)
        throw std::runtime_error{"cannot connect to the server"};
    constexpr int frame_max = 131'072;
    auto const login = amqp_login(state_, "/", 0, frame_max, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
    if (login.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error{"the server refuses"};
    amqp_channel_open(state_, channel);
    check("a channel");
}

RabbitLink::~RabbitLink() {
    amqp_destroy_connection(state_);
}

void RabbitLink::check(char const* what) const {
    if (amqp_get_rpc_reply(state_).reply_type != AMQP_RESPONSE_NORMAL)
        throw std::runtime_error{std::string{"the server refuses "} + what};
}

void RabbitLink::declare(std::string const& queue) {
    amqp_table_entry_t type{};
    type.key = bytes_of("x-queue-type");
    type.value.kind = AMQP_FIELD_KIND_UTF8;
    type.value.value.bytes = bytes_of(queue == "jobs" ? "quorum" : "classic");
    amqp_queue_declare(state_, channel, bytes_of(name(queue)), 0, 1, 0, 0, amqp_table_t{1, &type});
    check("a queue");
}

std::uint32_t RabbitLink::depth(std::string const& name) {
    auto const* const ok = amqp_queue_declare(state_, channel, bytes_of(name), 1, 1, 0, 0, amqp_empty_table);
    check("to count");
    return ok->message_count;
}

void RabbitLink::remove(std::string const& name) {
    amqp_queue_delete(state_, channel, bytes_of(name), 0, 0);
    check("to remove a queue");
}

void RabbitLink::publish(std::string const& queue, std::string_view body) {
    if (!confirms_) {
        amqp_confirm_select(state_, channel);
        check("confirms");
        confirms_ = true;
    }
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = 2;
    std::string const key = name(queue);
    int const status = amqp_basic_publish(state_, channel, amqp_empty_bytes, bytes_of(key), 0, 0, &properties,
                                          bytes_of(body));
    if (status != AMQP_STATUS_OK) throw std::runtime_error{amqp_error_string2(status)};
    ++published_;
}

void RabbitLink::await_confirms() {
    while (confirmed_ < published_) {
        amqp_maybe_release_buffers(state_);
        amqp_frame_t frame{};
        if (amqp_simple_wait_frame(state_, &frame) != AMQP_STATUS_OK)
            throw std::runtime_error{"the connection broke"};
        bool const is_ack =
            frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD;
        if (!is_ack) throw std::runtime_error{"a message was not confirmed"};
        auto const& ack = *static_cast<amqp_basic_ack_t const*>(frame.payload.method.decoded);
        if (ack.multiple != 0) {
            confirmed_ = ack.delivery_tag;
            beyond_.erase(beyond_.begin(), beyond_.upper_bound(confirmed_));
        } else {
            beyond_.insert(ack.delivery_tag);
        }
        while (!beyond_.empty() && *beyond_.begin() == confirmed_ + 1) {
            beyond_.erase(beyond_.begin());
            ++confirmed_;
        }
    }
}

void RabbitLink::consume(std::string const& queue, std::uint32_t prefetch) {
    amqp_basic_qos(state_, channel, 0, static_cast<std::uint16_t>(prefetch), 0);
    check("a prefetch");
    amqp_basic_consume(state_, channel, bytes_of(name(queue)), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check("to consume");
}

std::optional<std::string> RabbitLink::next(std::chrono::milliseconds patience) {
    amqp_maybe_release_buffers(state_);
    amqp_envelope_t envelope{};
    timeval const span{patience.count() / 1000, patience.count() % 1000 * 1000};
    auto const reply = amqp_consume_message(state_, &envelope, &span, 0);
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT)
        return std::nullopt;
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error{"the connection broke"};
    auto const& body = envelope.message.body;
    std::string text{static_cast<char const*>(body.bytes), body.len};
    youngest_ = envelope.delivery_tag;
    amqp_destroy_envelope(&envelope);
    return text;
}

void RabbitLink::ack() {
    if (youngest_ == 0) return;
    int const status = amqp_basic_ack(state_, channel, youngest_, 1);
    if (status != AMQP_STATUS_OK) throw std::runtime_error{amqp_error_string2(status)};
    youngest_ = 0;
}

}  // namespace bench::raw
