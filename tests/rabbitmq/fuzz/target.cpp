// SPDX-License-Identifier: MIT
#include "rabbitmq/fuzz/target.hpp"

#include "rabbitmq/message.hpp"
#include "rabbitmq/session.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <cstdlib>
#include <functional>

namespace rabbitmq_fuzz {

using namespace cohort;
using namespace cohort::rabbitmq;

namespace {

// Only an Error may come of it.
void attempt(std::function<void()> const& reading) {
    try {
        reading();
    } catch (Error const& error) {
        if (error.detail().size() > 20'000) std::abort();
    }
}

// Touches all that was decoded.
std::size_t walk(amqp_table_t const& table, int depth);

std::size_t walk(amqp_field_value_t const& value, int depth) {
    if (depth > 8) std::abort();
    std::size_t seen = 0;
    switch (value.kind) {
    case AMQP_FIELD_KIND_TABLE:
        return walk(value.value.table, depth + 1);
    case AMQP_FIELD_KIND_ARRAY:
        for (int i = 0; i < value.value.array.num_entries; ++i)
            seen += walk(value.value.array.entries[i], depth + 1);
        return seen;
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
        for (char const c : view(value.value.bytes))
            seen += static_cast<std::size_t>(c != ' ');
        return seen;
    default:
        return 1;
    }
}

std::size_t walk(amqp_table_t const& table, int depth) {
    if (table.num_entries < 0 || table.num_entries > 1000) std::abort();
    std::size_t seen = 0;
    for (int i = 0; i < table.num_entries; ++i)
        seen += view(table.entries[i].key).size() + walk(table.entries[i].value, depth);
    return seen;
}

void read_message(Delivery const& delivery) {
    if ((delivery.properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0) walk(delivery.properties->headers, 0);
    attempt([&] {
        Delivered const delivered = decode_job(delivery, "main+urgent", Instant{});
        if (delivered.job.ref.id.empty() || delivered.rest < 0s) std::abort();
        if (delivered.job.priority < -100 || delivered.job.priority > 100) std::abort();
        // What has been read can be written again.
        std::string bytes;
        amqp_basic_publish_t const publish{};
        auto const message = encode_job(delivered.job, delivered.rest);
        append_content(bytes, 1, AMQP_BASIC_PUBLISH_METHOD, &publish, message->properties(),
                       delivered.job.arguments, 131'072);
    });
    attempt([&] {
        EndedJob const ended = decode_ending(delivery);
        if (!ended.ending || !is_terminal(ended.ending->state)) std::abort();
    });
}

void read_parts(std::string_view bytes) {
    attempt([&] {
        if (check_table(bytes) > bytes.size()) std::abort();
    });
    attempt([&] {
        Arena arena;
        Method const method = decode_method(bytes, arena);
        if (method.id == AMQP_CONNECTION_START_METHOD)
            walk(method.as<amqp_connection_start_t>().server_properties, 0);
    });
    attempt([&] {
        Delivery delivery;
        delivery.arena = std::make_shared<Arena>();
        delivery.properties = decode_content_head(bytes, *delivery.arena).properties;
        delivery.body = bytes.substr(0, 100);
        read_message(delivery);
    });
}

template<class Fields>
std::string method(std::uint16_t channel, amqp_method_number_t id, Fields const& fields) {
    std::string bytes;
    append_method(bytes, channel, id, &fields);
    return bytes;
}

std::string greeting() {
    amqp_connection_start_t start{};
    start.version_minor = 9;
    start.mechanisms = bytes_of("PLAIN");
    start.locales = bytes_of("en_US");
    return method(0, AMQP_CONNECTION_START_METHOD, start) +
           method(0, AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{2047, 131'072, 10}) +
           method(0, AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{});
}

// As a connection does: in pieces, with questions that wait and messages that are not confirmed.
void converse(std::string_view bytes, std::size_t piece, bool is_greeted) {
    static Config const config = read_config(parse_url("amqp://ann:secret@localhost"), system_clock());
    Session session{config, "watch"};
    Session::Time const now{};
    session.open(now);
    std::vector<AnswerPtr> answers;
    auto const batch = std::make_shared<Batch>();
    std::exception_ptr fault = std::make_exception_ptr(Error{errc::unavailable, "it ended"});
    try {
        if (is_greeted) {
            session.feed(greeting(), now);
            for (int i = 0; i < 2; ++i) {
                ChannelPtr const channel = session.open_channel();
                channel->on_delivery = [channel = channel.get()](Delivery delivery) {
                    read_message(delivery);
                    channel->ack(delivery.tag);
                };
                amqp_basic_qos_t const qos{};
                answers.push_back(channel->ask(AMQP_BASIC_QOS_METHOD, &qos));
                amqp_basic_get_t get{};
                get.queue = bytes_of("main");
                answers.push_back(channel->ask(AMQP_BASIC_GET_METHOD, &get));
                Publication publication;
                publication.routing_key = "main";
                publication.is_mandatory = true;
                channel->publish(batch, publication);
            }
        }
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            session.take_output(now);
            session.feed(bytes.substr(at, piece), now);
        }
        session.tick(now);
    } catch (Error const& error) {
        if (error.detail().size() > 20'000) std::abort();
        fault = std::current_exception();
    }
    session.lost(fault);
    if (batch->open > 0) std::abort();  // a wait that never ends
    for (auto const& answer : answers) {
        if (!answer->is_done) std::abort();
        if (answer->delivery) read_message(*answer->delivery);
    }
}

// ---- the corpus

std::string head(std::string_view type, std::uint64_t size, Table headers) {
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG |
                        AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
    properties.headers = headers.get();
    properties.content_type = bytes_of("application/json");
    properties.message_id = bytes_of("j1");
    properties.correlation_id = bytes_of("1");
    properties.type = bytes_of(type);
    std::string bytes;
    amqp_basic_publish_t const publish{};
    append_content(bytes, 1, AMQP_BASIC_PUBLISH_METHOD, &publish, properties, "", 131'072);
    FrameReader reader{131'072};
    reader.feed(bytes);
    reader.next();
    std::string payload{reader.next().value().payload};
    std::string length;
    append_u64(length, size);
    return payload.replace(4, 8, length);
}

Table job_headers() {
    Table headers;
    headers.add("v", std::int64_t{1}).add("attempt", std::int64_t{2}).add("max-retries", std::int64_t{3});
    headers.add("timeout", std::int64_t{5'000'000})
        .add("backoff-factor", 1.5)
        .add("delay", std::int64_t{100});
    headers.add("expires", std::int64_t{1'700'000'000'000'000}).add("priority", std::int64_t{-7});
    headers.add("reason", std::string_view{"exception"}).add("error", std::string_view{"it broke"});
    headers.add("x-delivery-count", std::int64_t{4});
    return headers;
}

std::string frame(std::uint8_t type, std::uint16_t channel, std::string_view payload) {
    std::string bytes;
    append_frame(bytes, type, channel, payload);
    return bytes;
}

std::string message(std::string const& how, std::string_view type, std::string_view body) {
    return how + frame(frame_header, 1, head(type, body.size(), job_headers())) +
           (body.empty() ? "" : frame(frame_body, 1, body));
}

std::string table_of(std::string const& entries) {
    std::string bytes;
    append_u32(bytes, static_cast<std::uint32_t>(entries.size()));
    return bytes + entries;
}

std::vector<std::string> make_corpus() {
    using namespace std::string_literals;
    std::string const opened = method(1, AMQP_CHANNEL_OPEN_OK_METHOD, amqp_channel_open_ok_t{}) +
                               method(1, AMQP_BASIC_QOS_OK_METHOD, amqp_basic_qos_ok_t{});
    amqp_basic_deliver_t deliver{};
    deliver.consumer_tag = bytes_of("c1");
    deliver.delivery_tag = 1;
    amqp_basic_get_ok_t const get_ok{};
    amqp_basic_return_t returned{};
    returned.reply_code = 312;
    returned.reply_text = bytes_of("NO_ROUTE");
    amqp_channel_close_t close{};
    close.reply_code = 406;
    close.reply_text = bytes_of("PRECONDITION_FAILED - inequivalent arg");
    amqp_connection_close_t end{};
    end.reply_code = 320;
    end.reply_text = bytes_of("CONNECTION_FORCED");
    amqp_connection_blocked_t blocked{};
    blocked.reason = bytes_of("low on memory");
    Table inner;
    inner.add("publisher_confirms", true).add("deep", std::int64_t{2});
    Table properties;
    properties.add("product", std::string_view{"RabbitMQ"}).add("capabilities", inner).add("load", 0.5);
    amqp_connection_start_t start{};
    start.server_properties = properties.get();
    start.mechanisms = bytes_of("PLAIN");
    std::string kinds;
    for (char const* entry : {"\1at\1", "\1bb\1", "\1cB\1", "\1du\1\1", "\1es\1\1", "\1fI\1\1\1\1",
                              "\1gi\1\1\1\1", "\1hf\1\1\1\1", "\1jD\1\1\1\1\1", "\1kL\1\1\1\1\1\1\1\1",
                              "\1ld\1\1\1\1\1\1\1\1", "\1mT\1\1\1\1\1\1\1\1", "\1nV"})
        kinds += entry;
    kinds += "\1oS\0\0\0\1x"s + "\1px\0\0\0\1x"s + "\1qF\0\0\0\3\1aV"s + "\1rA\0\0\0\2VV"s;
    std::string nested = table_of({});
    for (int i = 0; i < 12; ++i)
        nested = table_of("\1aF" + nested);
    // The first byte is the length of a piece, less one; its lowest bit, whether the greeting is over.
    return {
        "\xff" + opened + message(method(1, AMQP_BASIC_DELIVER_METHOD, deliver), "shop.price", "[1,2]"),
        "\x07" + opened + message(method(1, AMQP_BASIC_GET_OK_METHOD, get_ok), "succeeded", "3"),
        "\xff" + message(method(1, AMQP_BASIC_RETURN_METHOD, returned), "failed", "") +
            method(1, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{1, 1}),
        "\x0f" + method(1, AMQP_CHANNEL_CLOSE_METHOD, close) +
            method(0, AMQP_CONNECTION_BLOCKED_METHOD, blocked) + method(0, AMQP_CONNECTION_CLOSE_METHOD, end),
        "\xfe" + greeting() + frame(frame_heartbeat, 0, {}),
        "\xfe" + method(0, AMQP_CONNECTION_START_METHOD, start),
        "\xff" + head("shop.price", 5, job_headers()),
        "\xff" + table_of(kinds),
        "\xff" + nested,
        "\xff\xff\xff\xff\xff"s,
        "\xfe\x01\0\0\xff\xff\xff\xff"s,
        "\xfe"
        "AMQP\0\1\0\0"s,
        "\xfe"
        "HTTP/1.1 400 Bad Request\r\n\r\n"s,
    };
}

}  // namespace

void read(std::string_view bytes) {
    set_log_level(LogLevel::error);
    if (bytes.empty()) return;
    auto const first = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    attempt([&] {
        FrameReader reader{4096};
        for (std::size_t at = 0; at < bytes.size(); at += first + std::size_t{1}) {
            reader.feed(bytes.substr(at, first + std::size_t{1}));
            while (auto const next = reader.next())
                read_parts(next->payload);
        }
    });
    read_parts(bytes);
    converse(bytes, first + std::size_t{1}, (first & 1) != 0);
}

std::vector<std::string> const& corpus() {
    static std::vector<std::string> const all = make_corpus();
    return all;
}

}  // namespace rabbitmq_fuzz
