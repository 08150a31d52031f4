// SPDX-License-Identifier: MIT
// Messages that come to a session, frame by frame.
#include "rabbitmq/session.hpp"

#include <cohort/error.hpp>

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

// A larger one was sent by somebody else: arguments and results are at most 1 MiB, what is around them
// little.
constexpr std::uint64_t most_body = 16 * 1024 * 1024;

}  // namespace

void Session::begin_content(Place& place, Method const& method) {
    Content content;
    content.how = method.id;
    Delivery& delivery = content.delivery;
    if (method.id == AMQP_BASIC_DELIVER_METHOD) {
        auto const& fields = method.as<amqp_basic_deliver_t>();
        delivery.consumer = view(fields.consumer_tag);
        delivery.tag = fields.delivery_tag;
        delivery.redelivered = fields.redelivered != 0;
        delivery.exchange = view(fields.exchange);
        delivery.routing_key = view(fields.routing_key);
    } else if (method.id == AMQP_BASIC_GET_OK_METHOD) {
        auto const& fields = method.as<amqp_basic_get_ok_t>();
        delivery.tag = fields.delivery_tag;
        delivery.redelivered = fields.redelivered != 0;
        delivery.exchange = view(fields.exchange);
        delivery.routing_key = view(fields.routing_key);
    }
    place.content = std::move(content);
}

void Session::take_content(Place& place, Frame const& frame) {
    bool const is_head = frame.type == frame_header;
    if (!place.content || place.content->size.has_value() == is_head)
        throw Error{errc::protocol_error, config_.masked + ": a part of no message"};
    Content& content = *place.content;
    Delivery& delivery = content.delivery;
    if (is_head) {
        // The properties refer to the frame's bytes: they are kept with what was decoded.
        delivery.arena = std::make_shared<Arena>();
        amqp_bytes_t kept{};
        amqp_pool_alloc_bytes(delivery.arena->get(), frame.payload.size(), &kept);
        std::copy(frame.payload.begin(), frame.payload.end(), static_cast<char*>(kept.bytes));
        auto const head = decode_content_head(view(kept), *delivery.arena);
        if (head.size > most_body)
            throw Error{errc::protocol_error,
                        config_.masked + ": a message of " + std::to_string(head.size) + " bytes"};
        content.size = head.size;
        delivery.properties = head.properties;
    } else {
        if (frame.payload.empty() || delivery.body.size() + frame.payload.size() > *content.size)
            throw Error{errc::protocol_error, config_.masked + ": a message is longer than it says"};
        delivery.body += frame.payload;
    }
    if (delivery.body.size() < *content.size) return;
    Content whole = std::move(content);
    place.content.reset();
    auto const channel = place.channel;
    if (!channel->is_closing()) channel->take(std::move(whole.delivery), whole.how);
}

}  // namespace cohort::rabbitmq
