// SPDX-License-Identifier: MIT
#include "faults/rabbit_reader.hpp"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace faults {

namespace {

constexpr amqp_channel_t channel = 1;

class Link {
public:
    explicit Link(std::string url) : state_{amqp_new_connection()} {
        amqp_connection_info info{};
        amqp_default_connection_info(&info);
        if (amqp_parse_url(url.data(), &info) != AMQP_STATUS_OK) throw std::runtime_error{"no URL: " + url};
        auto* const socket = amqp_tcp_socket_new(state());
        bool const is_open = socket != nullptr && amqp_socket_open(socket, info.host, info.port) == 0;
        if (!is_open) throw std::runtime_error{"the server does not answer"};
        constexpr int frame_max = 131'072;
        auto const login =
            amqp_login(state(), "/", 0, frame_max, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password);
        if (login.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error{"the server refuses"};
        amqp_channel_open(state(), channel);
    }

    amqp_connection_state_t state() const noexcept { return state_.get(); }
    // What a call was answered; an error means that the queue is not there.
    bool is_good() const { return amqp_get_rpc_reply(state()).reply_type == AMQP_RESPONSE_NORMAL; }

private:
    struct Free {
        void operator()(amqp_connection_state_t_* state) const noexcept { amqp_destroy_connection(state); }
    };
    std::unique_ptr<amqp_connection_state_t_, Free> const state_;
};

amqp_bytes_t bytes_of(std::string const& text) {
    amqp_bytes_t bytes{};
    bytes.len = text.size();
    bytes.bytes = const_cast<char*>(text.data());  // NOLINT: the library only reads it
    return bytes;
}

std::string text_of(amqp_bytes_t bytes) {
    return {static_cast<char const*>(bytes.bytes), bytes.len};
}

amqp_field_value_t const* find(amqp_table_t const& headers, std::string_view name) {
    for (int i = 0; i < headers.num_entries; ++i) {
        if (text_of(headers.entries[i].key) == name) return &headers.entries[i].value;
    }
    return nullptr;
}

std::uint32_t number(amqp_table_t const& headers, std::string_view name, std::uint32_t otherwise) {
    auto const* const value = find(headers, name);
    if (value == nullptr) return otherwise;
    if (value->kind == AMQP_FIELD_KIND_I64) return static_cast<std::uint32_t>(value->value.i64);
    if (value->kind == AMQP_FIELD_KIND_I32) return static_cast<std::uint32_t>(value->value.i32);
    throw std::runtime_error{"the header " + std::string{name} + " is of kind " +
                             std::to_string(value->kind)};
}

std::string text(amqp_table_t const& headers, std::string_view name) {
    auto const* const value = find(headers, name);
    return value == nullptr || value->kind != AMQP_FIELD_KIND_UTF8 ? "" : text_of(value->value.bytes);
}

cohort::FailReason reason_of(std::string const& name) {
    auto const reason = cohort::parse_reason(name);
    if (!reason) throw std::runtime_error{"no reason: " + name};
    return *reason;
}

StoredJob job_of(amqp_basic_properties_t const& properties) {
    auto const& headers = properties.headers;
    StoredJob job;
    job.id = text_of(properties.message_id);
    job.state = cohort::JobState::failed;
    job.counters = {number(headers, "attempt", 0), number(headers, "failures", 0), number(headers, "lost", 0),
                    number(headers, "released", 0)};
    job.max_retries = number(headers, "max-retries", 0);
    job.max_lost = number(headers, "max-lost", 3);
    job.reason = reason_of(text(headers, "reason"));
    job.error = text(headers, "error");
    return job;
}

}  // namespace

Depth RabbitReader::depth(std::string const& queue) const {
    Link const link{url_};
    auto const* const ok =
        amqp_queue_declare(link.state(), channel, bytes_of(queue), 1, 1, 0, 0, amqp_empty_table);
    if (ok == nullptr) return {};
    return {ok->message_count, ok->consumer_count, true};
}

std::vector<StoredJob> RabbitReader::dead(std::string const& queue) const {
    Link const link{url_};
    std::vector<StoredJob> jobs;
    for (;;) {
        auto const reply = amqp_basic_get(link.state(), channel, bytes_of(queue), 0);
        if (reply.reply_type != AMQP_RESPONSE_NORMAL || reply.reply.id != AMQP_BASIC_GET_OK_METHOD)
            return jobs;
        amqp_message_t message{};
        auto const read = amqp_read_message(link.state(), channel, &message, 0);
        if (read.reply_type != AMQP_RESPONSE_NORMAL) throw std::runtime_error{"half a message"};
        jobs.push_back(job_of(message.properties));
        amqp_destroy_message(&message);
        amqp_maybe_release_buffers(link.state());
    }
}

void RabbitReader::publish(std::string const& queue, std::string const& type, std::string const& body) const {
    Link const link{url_};
    amqp_confirm_select(link.state(), channel);
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.type = bytes_of(type);
    properties.delivery_mode = 2;
    amqp_basic_publish(link.state(), channel, amqp_empty_bytes, bytes_of(queue), 0, 0, &properties,
                       bytes_of(body));
    amqp_frame_t frame{};
    amqp_simple_wait_frame(link.state(), &frame);  // the confirm
}

void RabbitReader::purge(std::string const& queue) const {
    Link const link{url_};
    amqp_queue_purge(link.state(), channel, bytes_of(queue));
    if (!link.is_good()) throw std::runtime_error{"nothing to purge: " + queue};
}

void RabbitReader::remove(std::string const& queue) const {
    Link const link{url_};
    amqp_queue_delete(link.state(), channel, bytes_of(queue), 0, 0);
    if (!link.is_good()) throw std::runtime_error{"nothing to remove: " + queue};
}

}  // namespace faults
