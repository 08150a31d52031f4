// SPDX-License-Identifier: MIT
// A session against a server that is played by the test, byte for byte.
#include "rabbitmq/session.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <catch2/catch.hpp>

namespace session_test {

using namespace cohort;
using namespace cohort::rabbitmq;

namespace {

using Time = Session::Time;

errc code_of(auto const& call) {
    try {
        call();
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

Config make_config() {
    Config config;
    config.host = "here";
    config.user = "user";
    config.password = Secret{"se cret"};
    config.masked = "amqp://user:***@here";
    config.name = "cohort-1";
    config.heartbeat = 10s;
    return config;
}

struct Sent {
    std::uint16_t channel = 0;
    amqp_method_number_t id = 0;
    std::string fields;
};

struct Rig {
    Config config = make_config();
    Session session{config, "test"};
    Time now{};

    void say(std::uint16_t channel, amqp_method_number_t id, auto const& fields) {
        std::string bytes;
        append_method(bytes, channel, id, &fields);
        session.feed(bytes, now);
    }
    // What the session has to say, as methods; contents are left out.
    std::vector<Sent> hear() {
        std::string const bytes = session.take_output(now);
        FrameReader reader{1 << 20};
        reader.feed(bytes.starts_with("AMQP") ? std::string_view{bytes}.substr(8) : bytes);
        std::vector<Sent> sent;
        while (auto const frame = reader.next()) {
            if (frame->type == frame_method)
                sent.push_back(
                    {frame->channel, read_u32(frame->payload), std::string{frame->payload.substr(4)}});
            if (frame->type == frame_heartbeat) sent.push_back({0, 0, "heartbeat"});
        }
        return sent;
    }
    void say_start(std::string_view mechanisms = "PLAIN AMQPLAIN") {
        amqp_connection_start_t start{};
        start.version_minor = 9;
        start.mechanisms = bytes_of(mechanisms);
        start.locales = bytes_of("en_US");
        say(0, AMQP_CONNECTION_START_METHOD, start);
    }
    void say_close(std::uint16_t code, std::string_view text) {
        amqp_connection_close_t close{};
        close.reply_code = code;
        close.reply_text = bytes_of(text);
        say(0, AMQP_CONNECTION_CLOSE_METHOD, close);
    }
    void greet(std::uint32_t frame_max = 131072) {
        session.open(now);
        say_start();
        say(0, AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{100, frame_max, 60});
        say(0, AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{});
        hear();
    }
    ChannelPtr open_channel() {
        auto channel = session.open_channel();
        say(channel->number(), AMQP_CHANNEL_OPEN_OK_METHOD, amqp_channel_open_ok_t{});
        hear();
        return channel;
    }
    void say_content(std::uint16_t channel, amqp_method_number_t id, auto const& fields,
                     std::string_view body, std::string_view correlation = {}) {
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_CORRELATION_ID_FLAG;
        properties.correlation_id = bytes_of(correlation);
        std::string bytes;
        append_content(bytes, channel, id, &fields, properties, body, 4096);
        session.feed(bytes, now);
    }
};

}  // namespace

TEST_CASE("a session greets, logs in by PLAIN, tunes, and opens its vhost") {
    Rig rig;
    rig.config.vhost = "/shop";
    rig.session.open(rig.now);
    CHECK(rig.session.take_output(rig.now) == std::string_view{"AMQP\0\0\x09\x01", 8});

    rig.say_start();
    auto sent = rig.hear();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].id == AMQP_CONNECTION_START_OK_METHOD);
    CHECK(sent[0].fields.find(std::string{"\0user\0se cret", 13}) != std::string::npos);
    CHECK(sent[0].fields.find("cohort-1:test") != std::string::npos);

    rig.say(0, AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{0, 8192, 60});
    sent = rig.hear();
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].id == AMQP_CONNECTION_TUNE_OK_METHOD);
    CHECK(read_u32(std::string_view{sent[0].fields}.substr(2)) == 8192);
    CHECK(read_u16(std::string_view{sent[0].fields}.substr(6)) == 10);
    CHECK(sent[1].id == AMQP_CONNECTION_OPEN_METHOD);
    CHECK(sent[1].fields.find("/shop") != std::string::npos);
    CHECK_FALSE(rig.session.is_ready());

    rig.say(0, AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{});
    CHECK(rig.session.is_ready());
}

TEST_CASE("EXTERNAL sends no password, and a server that does not offer it is not given one") {
    Rig rig;
    rig.config.login = Login::external;
    rig.session.open(rig.now);
    rig.hear();
    CHECK(code_of([&] { rig.say_start("PLAIN"); }) == errc::auth_failed);
    rig.session.open(rig.now);
    rig.say_start("EXTERNAL PLAIN");
    auto const sent = rig.hear();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].fields.find("EXTERNAL") != std::string::npos);
    CHECK(sent[0].fields.find("se cret") == std::string::npos);
}

TEST_CASE("a connection that the server closes ends with the error of its code", "[F56]") {
    struct Row {
        std::uint16_t code;
        errc error;
    };
    for (auto const& [code, error] :
         {Row{403, errc::auth_failed}, Row{530, errc::auth_failed}, Row{320, errc::unavailable},
          Row{501, errc::protocol_error}, Row{540, errc::broker_unsupported}, Row{999, errc::unavailable}}) {
        Rig rig;
        rig.greet();
        CHECK(code_of([&] { rig.say_close(code, "because"); }) == error);
        CHECK(rig.hear().back().id == AMQP_CONNECTION_CLOSE_OK_METHOD);
    }
}

TEST_CASE("what comes at the wrong moment is refused", "[F72]") {
    Rig rig;
    rig.session.open(rig.now);
    CHECK(code_of([&] { rig.say(0, AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{0, 8192, 60}); }) ==
          errc::protocol_error);
    rig.session.open(rig.now);
    CHECK(code_of([&] { rig.say(0, AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{}); }) ==
          errc::protocol_error);
    rig.session.open(rig.now);
    rig.say_start();
    CHECK(code_of([&] { rig.say(0, AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{0, 100, 60}); }) ==
          errc::protocol_error);
    rig.greet();
    CHECK(code_of([&] { rig.say(7, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{1, 0}); }) ==
          errc::protocol_error);
    rig.greet();
    CHECK(code_of([&] {
              rig.session.open_channel();
              rig.say(1, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{1, 0});
          }) == errc::protocol_error);
}

TEST_CASE("a peer that is silent for two heartbeats is dead, and is told of us every half one",
          "[F66][S42]") {
    Rig rig;
    rig.greet();
    REQUIRE(rig.session.deadline() == rig.now + 5s);
    rig.now += 5s;
    rig.session.tick(rig.now);
    auto const sent = rig.hear();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].fields == "heartbeat");

    std::string beat;
    append_frame(beat, frame_heartbeat, 0, {});
    rig.session.feed(beat, rig.now);
    rig.now += 19s;
    rig.session.tick(rig.now);
    rig.now += 1s;
    CHECK(code_of([&] { rig.session.tick(rig.now); }) == errc::unavailable);
}

TEST_CASE("a handshake that is not answered ends in time", "[F73]") {
    Rig rig;
    rig.session.open(rig.now);
    REQUIRE(rig.session.deadline() == rig.now + 5s);
    rig.now += 5s;
    CHECK(code_of([&] { rig.session.tick(rig.now); }) == errc::unavailable);
}

TEST_CASE("confirms come for one or for many, and returns before them", "[F64]") {
    Rig rig;
    rig.greet();
    auto const channel = rig.open_channel();
    auto const batch = std::make_shared<Batch>();
    for (int i = 0; i < 6; ++i) {
        Publication publication;
        publication.routing_key = "somewhere";
        publication.is_mandatory = true;
        channel->publish(batch, publication);
    }
    CHECK(batch->open == 6);
    auto const number = channel->number();
    rig.say(number, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{2, 0});
    rig.say_content(number, AMQP_BASIC_RETURN_METHOD, amqp_basic_return_t{312, {}, {}, {}}, "", "3");
    rig.say(number, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{3, 1});
    rig.say(number, AMQP_BASIC_NACK_METHOD, amqp_basic_nack_t{4, 0, 0});
    CHECK(batch->open == 2);
    rig.session.lost(std::make_exception_ptr(Error{errc::unavailable, "gone"}));
    CHECK(batch->fates == std::vector{Fate::confirmed, Fate::confirmed, Fate::returned, Fate::refused,
                                      Fate::lost, Fate::lost});
    CHECK(batch->open == 0);
    CHECK_FALSE(channel->is_open());
}

TEST_CASE("a message comes whole, in however many parts, and one that lies about its size is refused",
          "[F70][F72]") {
    Rig rig;
    rig.greet();
    auto const channel = rig.open_channel();
    std::vector<std::string> bodies;
    channel->on_delivery = [&](Delivery delivery) { bodies.push_back(delivery.body); };
    amqp_basic_deliver_t deliver{};
    deliver.consumer_tag = bytes_of("c1");
    deliver.delivery_tag = 1;
    std::string const large(10'000, 'x');
    rig.say_content(channel->number(), AMQP_BASIC_DELIVER_METHOD, deliver, large);
    rig.say_content(channel->number(), AMQP_BASIC_DELIVER_METHOD, deliver, "");
    CHECK(bodies == std::vector<std::string>{large, ""});

    auto const with_size = [&](std::uint64_t size, std::string_view part) {
        std::string head;
        append_u16(head, AMQP_BASIC_CLASS);
        append_u16(head, 0);
        append_u64(head, size);
        append_u16(head, 0);
        std::string bytes;
        append_method(bytes, 1, AMQP_BASIC_DELIVER_METHOD, &deliver);
        append_frame(bytes, frame_header, 1, head);
        append_frame(bytes, frame_body, 1, part);
        return bytes;
    };
    for (auto const& bytes :
         {with_size(3, "four"), with_size(std::uint64_t{1} << 60, "x"), with_size(5, "")}) {
        Rig other;
        other.greet();
        other.open_channel();
        CHECK(code_of([&] { other.session.feed(bytes, other.now); }) == errc::protocol_error);
    }
}

TEST_CASE("a channel that the server closes takes no other with it", "[F64]") {
    Rig rig;
    rig.greet();
    auto const first = rig.open_channel();
    auto const second = rig.open_channel();
    amqp_queue_declare_t const declare{};
    auto const asked = first->ask(AMQP_QUEUE_DECLARE_METHOD, &declare);
    amqp_channel_close_t close{};
    close.reply_code = 406;
    close.reply_text = bytes_of("PRECONDITION_FAILED - inequivalent arg 'x-queue-type'");
    rig.say(first->number(), AMQP_CHANNEL_CLOSE_METHOD, close);

    CHECK(first->close_code() == 406);
    REQUIRE(asked->is_done);
    CHECK(code_of([&] { std::rethrow_exception(asked->error); }) == errc::broker_unsupported);
    CHECK(rig.hear().back().id == AMQP_CHANNEL_CLOSE_OK_METHOD);
    CHECK(second->is_open());
    CHECK(rig.session.is_ready());
}

TEST_CASE(
    "a server that takes no messages says why, and until when; its beginning and its end are a line each",
    "[F52]") {
    Rig rig;
    rig.greet();
    std::vector<std::string> lines;
    set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
    amqp_connection_blocked_t blocked{};
    blocked.reason = bytes_of("low on memory");
    for (int i = 0; i < 2; ++i)
        rig.say(0, AMQP_CONNECTION_BLOCKED_METHOD, blocked);
    CHECK(rig.session.is_blocked());
    CHECK(rig.session.blocked_reason() == "low on memory");
    for (int i = 0; i < 2; ++i)
        rig.say(0, AMQP_CONNECTION_UNBLOCKED_METHOD, amqp_connection_unblocked_t{});
    CHECK_FALSE(rig.session.is_blocked());
    set_log_sink({});
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].ends_with(" takes no messages for now: low on memory"));
    CHECK(lines[1].ends_with(" takes messages again"));
}

TEST_CASE("a request to pause a channel is answered", "[F64]") {
    Rig rig;
    rig.greet();
    auto const channel = rig.open_channel();
    rig.say(channel->number(), AMQP_CHANNEL_FLOW_METHOD, amqp_channel_flow_t{0});
    CHECK(rig.hear().back().id == AMQP_CHANNEL_FLOW_OK_METHOD);
    CHECK(channel->is_open());
}

}  // namespace session_test
