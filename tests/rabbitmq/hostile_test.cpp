// SPDX-License-Identifier: MIT
// A server that says whatever it likes, at each moment: it costs an error that says what it did, and no
// memory.
#include "faults/usage.hpp"
#include "rabbitmq/played_server.hpp"
#include "rabbitmq/server.hpp"
#include "support/slowness.hpp"

#include <cohort/log.hpp>

#include <chrono>
#include <sstream>

namespace hostile_test {

using namespace rabbitmq_test;
using rabbitmq::append_frame;
using rabbitmq::append_u16;
using rabbitmq::append_u32;
using rabbitmq::append_u64;
using rabbitmq::frame_body;
using rabbitmq::frame_header;
using rabbitmq::frame_method;

namespace {

using Steady = std::chrono::steady_clock;

std::string frame(std::uint8_t type, std::uint16_t channel, std::string_view payload) {
    std::string bytes;
    append_frame(bytes, type, channel, payload);
    return bytes;
}

std::string table(std::string const& entries) {
    std::string bytes;
    append_u32(bytes, static_cast<std::uint32_t>(entries.size()));
    return bytes + entries;
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += text;
    return all;
}

std::string nested(std::size_t depth) {
    std::string all = table({});
    while (all.size() < 7 * depth)
        all = table("\1aF" + all);
    return all;
}

// connection.start with this table of properties.
std::string start_with(std::string const& properties) {
    std::string payload;
    append_u32(payload, AMQP_CONNECTION_START_METHOD);
    return frame(frame_method, 0, payload + std::string{"\0\x09", 2} + properties + table({}) + table({}));
}

// The payload of the head of a message of this size, with this table of headers.
std::string head_with(std::string const& headers, std::uint64_t size = 0) {
    std::string head;
    append_u16(head, AMQP_BASIC_CLASS);
    append_u16(head, 0);
    append_u64(head, size);
    append_u16(head, AMQP_BASIC_HEADERS_FLAG);
    return head + headers;
}

struct Row {
    Reply reply;
    char const* told;
};

// All that a caller is told, and all that is logged meanwhile.
class Witness {
public:
    Witness() {
        set_log_level(LogLevel::warn);
        set_log_sink([this](LogLevel, std::string_view line) {
            std::lock_guard lock{mutex_};
            logged_ += std::string{line} + '\n';
        });
    }
    ~Witness() { set_log_sink({}); }
    Witness(Witness const&) = delete;
    Witness& operator=(Witness const&) = delete;

    template<class T>
    void ask(awaitable<T> verb) {
        try {
            run(std::move(verb));
        } catch (Error const& error) {
            told_.emplace_back(error.what());
            CHECK(told_.back().size() < 2000);
        }
    }
    bool has(std::string_view text) {
        std::lock_guard lock{mutex_};
        return logged_.find(text) != std::string::npos ||
               std::any_of(told_.begin(), told_.end(),
                           [&](std::string const& one) { return one.find(text) != std::string::npos; });
    }
    std::string all() {
        std::lock_guard lock{mutex_};
        return logged_.substr(0, 3000) + (told_.empty() ? "" : told_.back());
    }

private:
    std::mutex mutex_;
    std::string logged_;
    std::vector<std::string> told_;
};

// Memory that was taken and not given back; a sanitizer keeps what was freed.
class Memory {
public:
    void check() const {
        if (support::slowness == 1) CHECK(faults::usage_of().kilobytes < before_ + 16 * 1024);
    }

private:
    std::size_t const before_ = faults::usage_of().kilobytes;
};

WatchParams watch_of_c1() {
    WatchParams params;
    params.client = "c1";
    params.wait = 300ms;
    return params;
}

WorkerInfo worker_info() {
    WorkerInfo worker;
    worker.incarnation = random_id();
    worker.queues = {"main"};
    worker.slots = 1;
    return worker;
}

void claim_once(Broker& broker, Witness& witness) {
    WorkerInfo const worker = worker_info();
    witness.ask(broker.enlist(worker));
    ClaimParams params;
    params.incarnation = worker.incarnation;
    params.queues = worker.queues;
    params.wait = 300ms;
    witness.ask(broker.claim(params));
}

// Says these bytes instead of the answer to `id`.
PlayedServer::Play instead_of(amqp_method_number_t id, Reply const& reply) {
    return
        [id, reply](Said const& said) { return said.id == id ? std::optional<Reply>{reply} : std::nullopt; };
}

void check_row(Row const& row, PlayedServer::Play play, void (*ask)(Broker&, Witness&)) {
    PlayedServer const server{std::move(play)};
    Witness witness;
    auto const broker = rabbitmq::open(parse_url(server.url()));
    auto const begun = Steady::now();
    // What went wrong is told to whoever comes next, where it was not an answer.
    for (int tries = 0; tries < 2 && !witness.has(row.told); ++tries)
        ask(*broker, witness);
    INFO(row.told << "\n" << witness.all());
    CHECK(witness.has(row.told));
    CHECK(Steady::now() - begun < 6s * support::slowness);
    broker->close();
}

void push_once(Broker& broker, Witness& witness) {
    witness.ask(broker.push(one("j1")));
}
void watch_once(Broker& broker, Witness& witness) {
    witness.ask(broker.watch(watch_of_c1()));
}

}  // namespace

TEST_CASE("a hostile RabbitMQ server costs an error that says what it did, and no memory", "[F72][B14]") {
    std::string huge = frame(frame_method, 0, "x");
    huge.replace(3, 4, "\xFF\xFF\xFF\xFF");
    std::string unended = frame(frame_method, 0, "abcd");
    unended.back() = 'x';
    std::string server_only;
    append_u32(server_only, AMQP_QUEUE_DECLARE_METHOD);
    // A table that says that it is of two gigabytes, in a frame that is not.
    std::string boast;
    append_u32(boast, 0x7FFFFFFF);
    std::vector<Row> const rows{
        {{huge}, "a frame of 4294967295 bytes; at most"},
        {{std::string(1 << 20, 'x'), 64}, "this is no AMQP frame: xxx"},
        {{"HTTP/1.1 400 Bad Request\r\n\r\n"}, "this is no AMQP frame: HTTP"},
        {{std::string{"AMQP\0\1\0\0", 8}}, "speaks another version of AMQP"},
        {{unended}, "a frame does not end where it says"},
        {{frame(frame_method, 77, server_only)}, "a frame of channel 77, which is not open"},
        {{frame(frame_method, 0, server_only)}, "a method that no server sends: 50.10"},
        {{frame(frame_header, 0, "x")}, "a message outside of channels"},
        {{start_with(nested(10'000))}, "a table is nested deeper than 8"},
        {{start_with(table(repeat(std::string_view{"\0V", 2}, 60'000)))}, "more than 1000 entries"},
        {{start_with(table("\1a?x"))}, "a value of an unknown type"},
        {{start_with(boast)}, "a table is cut short"},
        // Larger than all that is answered meanwhile.
        {{start_with(table(std::string(100'000, 'x'))).substr(0, 12)}, "within"},
        {{repeat(frame(rabbitmq::frame_heartbeat, 0, {}), 1000), 100}, "within"},
    };
    Memory const memory;
    for (Row const& row : rows) {
        for (auto const moment : {amqp_method_number_t{0}, AMQP_QUEUE_DECLARE_METHOD})
            check_row(row, instead_of(moment, row.reply), push_once);
    }
    memory.check();
}

TEST_CASE("what is told of a RabbitMQ server names it once in a line", "[F47]") {
    amqp_connection_close_t close{};
    close.reply_code = 320;
    close.reply_text = rabbitmq::bytes_of("closed by the operator");
    std::vector<std::string> const ends{method_of(0, AMQP_CONNECTION_CLOSE_METHOD, close),
                                        frame(frame_header, 0, "x")};
    for (std::string const& end : ends) {
        PlayedServer const server{instead_of(AMQP_QUEUE_DECLARE_METHOD, Reply{end})};
        Witness witness;
        auto const broker = rabbitmq::open(parse_url(server.url()));
        push_once(*broker, witness);
        push_once(*broker, witness);
        std::istringstream lines{witness.all()};
        bool is_lost = false;
        for (std::string line; std::getline(lines, line);) {
            INFO(line);
            is_lost = is_lost || line.find("is lost and will be made again") != std::string::npos;
            std::string const name{broker->name()};
            CHECK(line.find(name) == line.rfind(name));
        }
        CHECK(is_lost);
        broker->close();
    }
}

TEST_CASE("messages that a hostile RabbitMQ server makes are refused before they are kept", "[F72][B14]") {
    std::string const good = head_of("j1", "succeeded", 1);
    std::string wrong_class = good;
    wrong_class[1] = 10;
    std::string more_flags = good;
    more_flags[13] = static_cast<char>(more_flags[13] | 1);
    amqp_basic_deliver_t const deliver{};
    std::string const begin = method_of(2, AMQP_BASIC_DELIVER_METHOD, deliver);
    amqp_basic_get_ok_t const get_ok{};
    amqp_channel_flow_t const flow{1};
    amqp_basic_return_t const returned{};
    std::string const largest = frame(frame_body, 2, std::string(131'064, 'x'));
    std::vector<Row> const rows{
        {{delivery_of(2, "", 1, head_with(nested(10'000)), "")}, "a table is nested deeper than 8"},
        {{delivery_of(2, "", 1, head_with(table(repeat(std::string_view{"\0V", 2}, 60'000))), "")},
         "more than 1000 entries"},
        {{delivery_of(2, "", 1, head_with("\x7F\xFF\xFF\xFF"), "")}, "a table is cut short"},
        {{delivery_of(2, "", 1, head_with(table("\1a?x")), "")}, "a value of an unknown type"},
        {{delivery_of(2, "", 1, good.substr(0, 10), "")}, "the head of a message is cut short"},
        {{delivery_of(2, "", 1, wrong_class, "")}, "the head of a message of an unknown class"},
        {{delivery_of(2, "", 1, more_flags, "")}, "unknown properties"},
        {{delivery_of(2, "", 1, head_with(table({}), ~std::uint64_t{0}), "")},
         "a message of 18446744073709551615 bytes"},
        {{delivery_of(2, "", 1, good, "33")}, "a message is longer than it says"},
        {{begin + frame(frame_header, 2, head_with(table({}), 1024 * 1024)) + repeat(largest, 9)},
         "a message is longer than it says"},
        {{begin + frame(frame_header, 2, good) + frame(frame_body, 2, "")},
         "a message is longer than it says"},
        {{begin + frame(frame_header, 2, good) + frame(frame_header, 2, good)}, "a part of no message"},
        {{frame(frame_body, 2, "x")}, "a part of no message"},
        {{begin + begin}, "a message without its end"},
        {{method_of(2, AMQP_BASIC_GET_OK_METHOD, get_ok) + frame(frame_header, 2, head_with(table({})))},
         "an answer to another question"},
        {{repeat(method_of(2, AMQP_BASIC_CONSUME_OK_METHOD, amqp_basic_consume_ok_t{}), 2)},
         "an answer to nothing"},
        {{method_of(2, AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{7, 1})},
         "a confirm of what was not published"},
        {{method_of(2, AMQP_CHANNEL_CLOSE_OK_METHOD, amqp_channel_close_ok_t{})},
         "close-ok of an open channel"},
        {{method_of(2, AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{})},
         "a method of the connection on a channel"},
        {{method_of(2, AMQP_BASIC_CONSUME_OK_METHOD, amqp_basic_consume_ok_t{}) +
          repeat(delivery_of(2, "", 1, head_of("j1", "running", 0), ""), 10)},
         "a reply that says nothing of a job"},
        // A million of them.
        {{repeat(delivery_of(2, "", 1, good, "3"), 1000), 1000},
         "more replies than the 200 that were asked for"},
        // Two MiB each, which no job can return.
        {{begin + frame(frame_header, 2, head_of("j1", "succeeded", 16 * 131'064)) + repeat(largest, 16),
          100},
         "a reply of 2097024 bytes; at most 1048576"},
        {{repeat(method_of(2, AMQP_CHANNEL_FLOW_METHOD, flow), 1000), 3000},
         "does not read what it is answered"},
        {{method_of(2, AMQP_BASIC_RETURN_METHOD, returned) +
              frame(frame_header, 2, head_with(table({}), 10 * 131'064)) + repeat(largest, 10),
          32},
         "no answer came within"},
    };
    Memory const memory;
    for (Row const& row : rows)
        check_row(row, instead_of(AMQP_BASIC_CONSUME_METHOD, row.reply), watch_once);
    memory.check();
}

TEST_CASE("a RabbitMQ server that gives a worker more jobs than it asked for is not believed", "[F72][F88]") {
    amqp_basic_consume_ok_t ok{};
    ok.consumer_tag = rabbitmq::bytes_of("c1");
    Row const row{{}, "more jobs than the 1 that were asked for"};
    Memory const memory;
    check_row(
        row,
        [&](Said const& said) -> std::optional<Reply> {
            if (said.id != AMQP_BASIC_CONSUME_METHOD) return std::nullopt;
            std::string const job = delivery_of(said.channel, "c1", 1, head_of("j1", "shop.add", 5), "[1,2]");
            return Reply{method_of(said.channel, AMQP_BASIC_CONSUME_OK_METHOD, ok) + repeat(job, 1000), 300};
        },
        claim_once);
    memory.check();
}

}  // namespace hostile_test
