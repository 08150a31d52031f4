// SPDX-License-Identifier: MIT
// Messages made by hand, read back by librabbitmq's own client, which shares no line with ours.
#include "rabbitmq/server.hpp"

#include <cohort/rabbitmq.hpp>

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <memory>
#include <optional>
#include <stdexcept>

namespace raw_test {

using namespace rabbitmq_test;
using cohort::rabbitmq::publish;
using cohort::rabbitmq::RawMessage;

namespace {

constexpr amqp_channel_t channel = 1;

std::string text_of(amqp_bytes_t bytes) {
    return {static_cast<char const*>(bytes.bytes), bytes.len};
}

amqp_bytes_t bytes_of(std::string const& text) {
    amqp_bytes_t bytes{};
    bytes.len = text.size();
    bytes.bytes = const_cast<char*>(text.data());  // NOLINT: the library only reads it
    return bytes;
}

class Link {
public:
    Link() : state_{amqp_new_connection()} {
        std::string url = support::rabbitmq_url();
        amqp_connection_info info{};
        amqp_default_connection_info(&info);
        if (amqp_parse_url(url.data(), &info) != AMQP_STATUS_OK) throw std::runtime_error{"no URL: " + url};
        auto* const socket = amqp_tcp_socket_new(state_.get());
        if (socket == nullptr || amqp_socket_open(socket, info.host, info.port) != 0)
            throw std::runtime_error{"the server does not answer"};
        auto const login =
            amqp_login(state_.get(), "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password);
        if (login.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error{"the server refuses"};
        amqp_channel_open(state_.get(), channel);
    }
    // Takes the next message of the queue.
    std::optional<RawMessage> take(std::string const& queue) {
        auto const reply = amqp_basic_get(state_.get(), channel, bytes_of(queue), 1);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL || reply.reply.id != AMQP_BASIC_GET_OK_METHOD)
            return std::nullopt;
        amqp_message_t read{};
        amqp_read_message(state_.get(), channel, &read, 0);
        auto const& properties = read.properties;
        RawMessage message;
        message.id = text_of(properties.message_id);
        message.type = text_of(properties.type);
        message.reply_to = text_of(properties.reply_to);
        message.content_type = text_of(properties.content_type);
        message.delivery_mode = properties.delivery_mode;
        message.body = text_of(read.body);
        for (int i = 0; i < properties.headers.num_entries; ++i) {
            auto const& entry = properties.headers.entries[i];
            if (entry.value.kind == AMQP_FIELD_KIND_I64)
                message.headers[text_of(entry.key)] = entry.value.value.i64;
            else if (entry.value.kind == AMQP_FIELD_KIND_UTF8)
                message.headers[text_of(entry.key)] = text_of(entry.value.value.bytes);
        }
        amqp_destroy_message(&read);
        return message;
    }

private:
    struct Free {
        void operator()(amqp_connection_state_t_* state) const noexcept { amqp_destroy_connection(state); }
    };
    std::unique_ptr<amqp_connection_state_t_, Free> const state_;
};

}  // namespace

TEST_CASE("a message made by hand arrives as it was made, with its delivery mode", "[rabbitmq][S23]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Link link;
    for (std::uint8_t const mode : {1, 2}) {
        RawMessage message;
        message.id = "made-by-hand";
        message.type = "shop.add";
        message.reply_to = "service-client";
        message.body = R"({"a": 1,  "b": 2})";  // also its blanks
        message.delivery_mode = mode;
        message.content_type = "application/x-shop";
        message.headers["sender"] = std::string{"shop"};
        message.headers["max-retries"] = std::int64_t{3};
        run(publish(*broker, "client-service", message));
        auto arrived = link.take("cohort:" + space.name + ":jobs:client-service");
        REQUIRE(arrived.has_value());
        CHECK(arrived->headers.erase("x-delivery-count") == 1);  // the server's own
        CHECK(*arrived == message);
    }
    RawMessage const usual;
    CHECK(usual.delivery_mode == 2);
}

TEST_CASE("a worker runs what was made by hand, and who is named in it hears of the end", "[rabbitmq][S23]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    Worker worker{*broker};
    RawMessage message;
    message.id = "by-hand";
    message.type = "shop.add";
    message.reply_to = "c1";
    message.body = "[1,2]";
    run(publish(*broker, "main", message));
    auto const reply = worker.claim();
    REQUIRE(reply.jobs.size() == 1);
    CHECK(reply.jobs[0].ref.id == "by-hand");
    CHECK(reply.jobs[0].name == "shop.add");
    CHECK(reply.jobs[0].arguments == "[1,2]");
    CHECK(worker.settle(reply.jobs[0]) == Verdict::accepted);
    auto const ended = watch(*broker);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].ref.id == "by-hand");
}

TEST_CASE("a message that cannot be sent is refused by name", "[rabbitmq][S23]") {
    NEED_RABBITMQ
    Space const space;
    auto const broker = space.open();
    RawMessage message;
    message.type = "shop.add";
    CHECK(code_of(publish(*broker, "no queue", message)) == errc::invalid_queue_name);
    message.delivery_mode = 3;
    CHECK(code_of(publish(*broker, "main", message)) == errc::invalid_config);
    message.delivery_mode = 2;
    broker->close();
    CHECK(code_of(publish(*broker, "main", message)) == errc::closed);
}

}  // namespace raw_test
