// SPDX-License-Identifier: MIT
// A server that is played: it answers as a server should, unless the case says otherwise.
#pragma once

#include "rabbitmq/codec.hpp"
#include "rabbitmq/frame.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace rabbitmq_test {

// What a client has said: a method, or a whole message as AMQP_BASIC_PUBLISH_METHOD. 0 = it has connected.
struct Said {
    std::uint16_t channel = 0;
    amqp_method_number_t id = 0;
    std::string fields;
};

struct Reply {
    std::string bytes;
    int times = 1;
};

inline std::string method_of(std::uint16_t channel, amqp_method_number_t id, auto const& fields) {
    std::string bytes;
    cohort::rabbitmq::append_method(bytes, channel, id, &fields);
    return bytes;
}

inline std::string start_of(std::string_view product, std::string_view version) {
    using namespace cohort::rabbitmq;
    Table properties;
    properties.add("product", product).add("version", version);
    amqp_connection_start_t start{};
    start.version_minor = 9;
    start.server_properties = properties.get();
    start.mechanisms = bytes_of("PLAIN");
    start.locales = bytes_of("en_US");
    return method_of(0, AMQP_CONNECTION_START_METHOD, start);
}

// The answer to basic.credit, which is not encoded otherwise.
inline std::string credit_ok_of(std::uint16_t channel) {
    using namespace cohort::rabbitmq;
    std::string payload;
    append_u32(payload, basic_credit_ok_method);
    append_u32(payload, 0);
    std::string bytes;
    append_frame(bytes, frame_method, channel, payload);
    return bytes;
}

class PlayedServer {
public:
    // What is said instead of the usual; nothing = the usual. Called on the server's thread.
    using Play = std::function<std::optional<Reply>(Said const& said)>;

    explicit PlayedServer(Play play) : play_{std::move(play)}, thread_{[this] { serve(); }} {}
    ~PlayedServer() {
        boost::asio::post(context_, [this] { context_.stop(); });
        thread_.join();
    }
    PlayedServer(PlayedServer const&) = delete;
    PlayedServer& operator=(PlayedServer const&) = delete;

    std::string url(std::string const& parameters = "heartbeat=0s") const {
        return "amqp://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "?timeout=300ms&" +
               parameters;
    }
    std::vector<Said> heard(amqp_method_number_t id) const {
        std::lock_guard lock{mutex_};
        std::vector<Said> some;
        std::copy_if(heard_.begin(), heard_.end(), std::back_inserter(some),
                     [&](Said const& said) { return said.id == id; });
        return some;
    }
    std::size_t count(amqp_method_number_t id) const { return heard(id).size(); }

private:
    using Socket = boost::asio::ip::tcp::socket;

    // One connection.
    struct Link {
        explicit Link(boost::asio::io_context& context) : socket{context} {}

        Socket socket;
        cohort::rabbitmq::FrameReader reader{1 << 20};
        bool is_greeted = false;
        std::map<std::uint16_t, std::uint64_t> published;  // per channel
        std::map<std::uint16_t, std::uint64_t> missing;    // bytes of a body
        std::map<std::uint16_t, std::string> publishing;   // fields
    };

    void serve() {
        boost::asio::co_spawn(context_, accept(), boost::asio::detached);
        context_.run();
    }
    boost::asio::awaitable<void> accept() {
        for (;;) {
            auto const link = std::make_shared<Link>(context_);
            co_await acceptor_.async_accept(link->socket, boost::asio::use_awaitable);
            boost::asio::co_spawn(context_, talk(link), boost::asio::detached);
        }
    }
    boost::asio::awaitable<void> talk(std::shared_ptr<Link> link) {
        std::array<char, 65536> buffer{};
        try {
            for (;;) {
                std::size_t const size = co_await link->socket.async_read_some(boost::asio::buffer(buffer),
                                                                               boost::asio::use_awaitable);
                std::string_view bytes{buffer.data(), size};
                std::vector<Said> all;
                if (!link->is_greeted) {
                    all.push_back({});
                    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 8));
                    link->is_greeted = true;
                }
                link->reader.feed(bytes);
                while (auto const frame = link->reader.next())
                    hear(*link, *frame, all);
                for (auto const& said : all) {
                    Reply const reply = answer(*link, said);
                    for (int i = 0; i < reply.times && !reply.bytes.empty(); ++i) {
                        co_await boost::asio::async_write(link->socket, boost::asio::buffer(reply.bytes),
                                                          boost::asio::use_awaitable);
                    }
                }
            }
        } catch (std::exception const&) {
            // The client has gone.
        }
    }
    static void hear(Link& link, cohort::rabbitmq::Frame const& frame, std::vector<Said>& all) {
        using namespace cohort::rabbitmq;
        auto const channel = frame.channel;
        if (frame.type == frame_method) {
            auto const id = read_u32(frame.payload);
            std::string fields{frame.payload.substr(4)};
            if (id == AMQP_BASIC_PUBLISH_METHOD)
                link.publishing[channel] = std::move(fields);
            else
                all.push_back({channel, id, std::move(fields)});
            return;
        }
        if (frame.type == frame_header) link.missing[channel] = read_u64(frame.payload.substr(4));
        if (frame.type == frame_body) link.missing[channel] -= frame.payload.size();
        bool const is_whole = frame.type != frame_heartbeat && link.missing[channel] == 0;
        if (is_whole) all.push_back({channel, AMQP_BASIC_PUBLISH_METHOD, link.publishing[channel]});
    }
    Reply answer(Link& link, Said const& said) {
        {
            std::lock_guard lock{mutex_};
            heard_.push_back(said);
        }
        if (said.id == AMQP_BASIC_PUBLISH_METHOD) ++link.published[said.channel];
        auto reply = play_(said);
        if (reply) return std::move(*reply);
        return {usual(link, said), 1};
    }
    static std::string usual(Link& link, Said const& said) {
        using namespace cohort::rabbitmq;
        auto const ok = [&](amqp_method_number_t id, auto const& fields) {
            return method_of(said.channel, id, fields);
        };
        switch (said.id) {
        case 0:
            return start_of("RabbitMQ", "3.10.8");
        case AMQP_CONNECTION_START_OK_METHOD:
            return ok(AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{2047, 131'072, 0});
        case AMQP_CONNECTION_OPEN_METHOD:
            return ok(AMQP_CONNECTION_OPEN_OK_METHOD, amqp_connection_open_ok_t{});
        case AMQP_CHANNEL_OPEN_METHOD:
            return ok(AMQP_CHANNEL_OPEN_OK_METHOD, amqp_channel_open_ok_t{});
        case AMQP_CHANNEL_CLOSE_METHOD:
            return ok(AMQP_CHANNEL_CLOSE_OK_METHOD, amqp_channel_close_ok_t{});
        case AMQP_CONFIRM_SELECT_METHOD:
            return ok(AMQP_CONFIRM_SELECT_OK_METHOD, amqp_confirm_select_ok_t{});
        case AMQP_QUEUE_DECLARE_METHOD:
            return ok(AMQP_QUEUE_DECLARE_OK_METHOD, amqp_queue_declare_ok_t{});
        case AMQP_QUEUE_BIND_METHOD:
            return ok(AMQP_QUEUE_BIND_OK_METHOD, amqp_queue_bind_ok_t{});
        case AMQP_EXCHANGE_DECLARE_METHOD:
            return ok(AMQP_EXCHANGE_DECLARE_OK_METHOD, amqp_exchange_declare_ok_t{});
        case AMQP_EXCHANGE_BIND_METHOD:
            return ok(AMQP_EXCHANGE_BIND_OK_METHOD, amqp_exchange_bind_ok_t{});
        case AMQP_BASIC_QOS_METHOD:
            return ok(AMQP_BASIC_QOS_OK_METHOD, amqp_basic_qos_ok_t{});
        case AMQP_BASIC_CONSUME_METHOD:
            return ok(AMQP_BASIC_CONSUME_OK_METHOD, amqp_basic_consume_ok_t{});
        case basic_credit_method:
            return credit_ok_of(said.channel);
        case AMQP_BASIC_CANCEL_METHOD:
            return ok(AMQP_BASIC_CANCEL_OK_METHOD, amqp_basic_cancel_ok_t{});
        case AMQP_BASIC_GET_METHOD:
            return ok(AMQP_BASIC_GET_EMPTY_METHOD, amqp_basic_get_empty_t{});
        case AMQP_BASIC_PUBLISH_METHOD:
            return ok(AMQP_BASIC_ACK_METHOD, amqp_basic_ack_t{link.published[said.channel], 0});
        default:
            return {};
        }
    }

    Play const play_;
    mutable std::mutex mutex_;
    std::vector<Said> heard_;
    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_{
        context_, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
    std::thread thread_;
};

// A message that is given: the method, and the payload of its head; the body, in one frame.
inline std::string delivery_of(std::uint16_t channel, std::string_view consumer, std::uint64_t tag,
                               std::string_view head, std::string_view body) {
    using namespace cohort::rabbitmq;
    amqp_basic_deliver_t deliver{};
    deliver.consumer_tag = bytes_of(consumer);
    deliver.delivery_tag = tag;
    std::string bytes = method_of(channel, AMQP_BASIC_DELIVER_METHOD, deliver);
    append_frame(bytes, frame_header, channel, head);
    if (!body.empty()) append_frame(bytes, frame_body, channel, body);
    return bytes;
}

// The payload of the head of a message of this size, with the properties of a job or of a reply.
inline std::string head_of(std::string_view id, std::string_view type, std::uint64_t size) {
    using namespace cohort::rabbitmq;
    Table headers;
    headers.add("v", std::int64_t{1});
    amqp_basic_properties_t properties{};
    properties._flags = AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG |
                        AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_REPLY_TO_FLAG;
    properties.headers = headers.get();
    properties.correlation_id = bytes_of("main");
    properties.message_id = bytes_of(id);
    properties.type = bytes_of(type);
    properties.reply_to = bytes_of("c1");
    amqp_basic_publish_t const publish{};
    std::string bytes;
    append_content(bytes, 1, AMQP_BASIC_PUBLISH_METHOD, &publish, properties, "", 131'072);
    FrameReader reader{131'072};
    reader.feed(bytes);
    reader.next();
    std::string head{reader.next().value().payload};
    std::string length;
    append_u64(length, size);
    return head.replace(4, 8, length);
}

}  // namespace rabbitmq_test
