// SPDX-License-Identifier: MIT
#include "rabbitmq/codec.hpp"
#include "rabbitmq/frame.hpp"

#include <cohort/error.hpp>

#include <catch2/catch.hpp>

#include <random>

namespace codec_test {

using namespace cohort;
using namespace cohort::rabbitmq;

namespace {

errc code_of(auto const& call) {
    try {
        call();
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

std::string frame(std::uint8_t type, std::uint16_t channel, std::string_view payload) {
    std::string out;
    append_frame(out, type, channel, payload);
    return out;
}

// The payload of the only frame.
std::string payload_of(std::string const& bytes) {
    FrameReader reader{1 << 20};
    reader.feed(bytes);
    return std::string{reader.next().value().payload};
}

std::string start_payload() {
    Table inner;
    inner.add("publisher_confirms", true).add("depth", std::int64_t{2});
    Table properties;
    properties.add("product", std::string_view{"RabbitMQ"}).add("capabilities", inner).add("load", 0.5);
    amqp_connection_start_t start{};
    start.version_minor = 9;
    start.server_properties = properties.get();
    start.mechanisms = bytes_of("PLAIN AMQPLAIN");
    start.locales = bytes_of("en_US");
    std::string bytes;
    append_method(bytes, 0, AMQP_CONNECTION_START_METHOD, &start);
    return payload_of(bytes);
}

std::string head_payload() {
    Table headers;
    headers.add("attempt", std::int64_t{3}).add("sender", std::string_view{"somebody"});
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG;
    properties.content_type = bytes_of("application/json");
    properties.headers = headers.get();
    properties.message_id = bytes_of("j1");
    amqp_basic_publish_t const publish{};
    std::string bytes;
    append_content(bytes, 1, AMQP_BASIC_PUBLISH_METHOD, &publish, properties, "[1,2]", 4096);
    FrameReader reader{4096};
    reader.feed(bytes);
    reader.next();
    return std::string{reader.next().value().payload};
}

std::string nested_table(int depth) {
    std::string table;
    append_u32(table, 0);
    for (int i = 0; i < depth; ++i) {
        std::string const entry = std::string{"\1a"} + "F" + table;
        table.clear();
        append_u32(table, static_cast<std::uint32_t>(entry.size()));
        table += entry;
    }
    return table;
}

}  // namespace

TEST_CASE("frames are found wherever the bytes are cut", "[F70]") {
    std::string const bytes = frame(frame_method, 1, "one") + frame(frame_heartbeat, 0, "") +
                              frame(frame_body, 65535, std::string(300, 'x'));
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
        FrameReader reader{4096};
        std::vector<std::string> found;
        for (std::size_t at = 0; at < bytes.size(); at += size) {
            reader.feed(std::string_view{bytes}.substr(at, size));
            while (auto const next = reader.next())
                found.emplace_back(next->payload);
        }
        CHECK(found == std::vector<std::string>{"one", "", std::string(300, 'x')});
    }
}

TEST_CASE("what is no frame, or too large a one, is refused before it is kept", "[F72]") {
    std::string huge = frame(frame_body, 1, "x");
    huge.replace(3, 4, "\xFF\xFF\xFF\xFF");
    std::string unended = frame(frame_method, 1, "abc");
    unended.back() = 'x';
    std::string unknown = frame(frame_method, 1, "abc");
    unknown.front() = 4;
    std::string just_too_large;
    append_frame(just_too_large, frame_body, 1, std::string(4096 - frame_overhead + 1, 'x'));
    for (std::string const& bytes : {huge, unended, unknown, just_too_large,
                                     std::string{"AMQP\0\0\x09\x01", 8}, std::string{"HTTP/1.1 400"}}) {
        FrameReader reader{4096};
        reader.feed(bytes);
        CHECK(code_of([&] { reader.next(); }) == errc::protocol_error);
    }
    FrameReader reader{4096};
    std::string largest;
    append_frame(largest, frame_body, 1, std::string(4096 - frame_overhead, 'x'));
    reader.feed(largest);
    CHECK(reader.next().has_value());
}

TEST_CASE("a method comes back as it went") {
    Arena arena;
    std::string const payload = start_payload();
    Method const method = decode_method(payload, arena);
    REQUIRE(method.id == AMQP_CONNECTION_START_METHOD);
    auto const& start = method.as<amqp_connection_start_t>();
    CHECK(view(start.mechanisms) == "PLAIN AMQPLAIN");
    CHECK(text(start.server_properties, "product") == "RabbitMQ");
    CHECK(real(start.server_properties, "load", 0) == 0.5);
    CHECK(integer(start.server_properties, "nothing", 7) == 7);
}

TEST_CASE("a method that is cut short, or that no server sends, is refused", "[F69][F72]") {
    std::string const whole = start_payload();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Arena arena;
        CHECK(code_of([&] { decode_method(whole.substr(0, size), arena); }) == errc::protocol_error);
    }
    for (amqp_method_number_t const id :
         {amqp_method_number_t{0}, amqp_method_number_t{0xFFFFFFFF}, AMQP_QUEUE_DECLARE_METHOD,
          AMQP_CONNECTION_START_OK_METHOD, AMQP_BASIC_PUBLISH_METHOD}) {
        std::string bytes;
        append_u32(bytes, id);
        bytes += std::string(64, '\0');
        Arena arena;
        CHECK(code_of([&] { decode_method(bytes, arena); }) == errc::protocol_error);
    }
}

TEST_CASE("the head of a message comes back as it went, and is refused when cut short", "[F69]") {
    std::string const whole = head_payload();
    Arena arena;
    ContentHead const head = decode_content_head(whole, arena);
    CHECK(head.size == 5);
    CHECK(view(head.properties->message_id) == "j1");
    CHECK(integer(head.properties->headers, "attempt", 0) == 3);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Arena other;
        CHECK(code_of([&] { decode_content_head(whole.substr(0, size), other); }) == errc::protocol_error);
    }
}

TEST_CASE("tables that are nested too deep or hold too much are refused", "[F72][B14]") {
    CHECK(check_table(nested_table(7)) == nested_table(7).size());
    CHECK(code_of([] { check_table(nested_table(8)); }) == errc::protocol_error);
    CHECK(code_of([] { check_table(nested_table(20'000)); }) == errc::protocol_error);

    auto const of_voids = [](int count) {
        std::string entries;
        for (int i = 0; i < count; ++i)
            entries += std::string{"\0V", 2};
        std::string table;
        append_u32(table, static_cast<std::uint32_t>(entries.size()));
        return table + entries;
    };
    CHECK(check_table(of_voids(1000)) == 2004);
    CHECK(code_of([&] { check_table(of_voids(1001)); }) == errc::protocol_error);
    CHECK(code_of([] { check_table(std::string{"\xFF\xFF\xFF\xFF", 4}); }) == errc::protocol_error);
    CHECK(code_of([] { check_table(std::string{"\0\0\0\7\1aS\0\0\0\xFF", 11}); }) == errc::protocol_error);
    CHECK(code_of([] { check_table(std::string{"\0\0\0\4\1a?x", 8}); }) == errc::protocol_error);
}

TEST_CASE("whatever bits are flipped, a head or a method is decoded or refused", "[F71]") {
    std::mt19937 random{1};
    int decoded = 0;
    int refused = 0;
    for (std::string const& whole : {head_payload(), start_payload()}) {
        for (int i = 0; i < 20'000; ++i) {
            std::string bytes = whole;
            for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips)
                bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
            Arena arena;
            errc const code = code_of([&] {
                if (whole[0] == 0 && whole[1] == 60) {
                    decode_content_head(bytes, arena);
                } else {
                    decode_method(bytes, arena);
                }
            });
            ++(code == errc::ok ? decoded : refused);
            REQUIRE((code == errc::ok || code == errc::protocol_error));
        }
    }
    CHECK(decoded > 100);
    CHECK(refused > 100);
}

TEST_CASE("a body is cut into frames of the agreed size") {
    amqp_basic_properties_t const properties{};
    amqp_basic_publish_t const publish{};
    std::string const body(10'000, 'x');
    std::string bytes;
    append_content(bytes, 3, AMQP_BASIC_PUBLISH_METHOD, &publish, properties, body, 4096);
    FrameReader reader{4096};
    reader.feed(bytes);
    std::string together;
    int parts = 0;
    while (auto const next = reader.next()) {
        CHECK(next->channel == 3);
        if (next->type != frame_body) continue;
        together += next->payload;
        ++parts;
    }
    CHECK(together == body);
    CHECK(parts == 3);
}

TEST_CASE("headers that fit into no frame are refused by name") {
    std::string const text(5000, 'x');
    Table headers;
    headers.add("error", std::string_view{text});
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_HEADERS_FLAG;
    properties.headers = headers.get();
    amqp_basic_publish_t const publish{};
    std::string bytes;
    CHECK(code_of([&] {
              append_content(bytes, 1, AMQP_BASIC_PUBLISH_METHOD, &publish, properties, "", 4096);
          }) == errc::payload_too_large);
}

}  // namespace codec_test
