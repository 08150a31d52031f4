// SPDX-License-Identifier: MIT
// Settings as a value: what a URL means that says nothing, and what is sent of them.
#include "rabbitmq/codec.hpp"
#include "rabbitmq/config.hpp"
#include "rabbitmq/frame.hpp"
#include "rabbitmq/server.hpp"

#include <cohort/rabbitmq.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace settings_test {

using namespace cohort;
using namespace cohort::rabbitmq;

namespace {

Config config_of(std::string const& url) {
    return read_config(parse_url(url), system_clock());
}

// Plays a server up to connection.open, and keeps what it was sent.
class FakeServer {
public:
    FakeServer() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        if (::bind(listener_, any, size) != 0 || ::listen(listener_, 8) != 0 ||
            ::getsockname(listener_, any, &size) != 0)
            throw std::runtime_error{"no port to listen on"};
        port = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~FakeServer() {
        join();
        ::close(listener_);
    }
    FakeServer(FakeServer const&) = delete;
    FakeServer& operator=(FakeServer const&) = delete;

    void join() {
        if (thread_.joinable()) thread_.join();
    }

    std::uint16_t port = 0;
    std::string start_ok;
    std::string tune_ok;
    std::string opened;

private:
    void serve() {
        pollfd waits{listener_, POLLIN, 0};
        if (::poll(&waits, 1, 10'000) != 1) return;
        int const peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        std::string greeting(8, ' ');
        ::recv(peer, greeting.data(), greeting.size(), MSG_WAITALL);
        FrameReader reader{1 << 20};
        amqp_connection_start_t start{};
        start.version_minor = 9;
        start.mechanisms = bytes_of("PLAIN");
        start.locales = bytes_of("en_US");
        say(peer, AMQP_CONNECTION_START_METHOD, start);
        start_ok = hear(peer, reader);
        say(peer, AMQP_CONNECTION_TUNE_METHOD, amqp_connection_tune_t{0, 0, 0});
        tune_ok = hear(peer, reader);
        opened = hear(peer, reader);
        ::close(peer);
    }
    static void say(int peer, amqp_method_number_t id, auto const& fields) {
        std::string bytes;
        append_method(bytes, 0, id, &fields);
        ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    static std::string hear(int peer, FrameReader& reader) {
        for (;;) {
            if (auto const frame = reader.next()) return std::string{frame->payload};
            std::string bytes(4096, ' ');
            auto const size = ::recv(peer, bytes.data(), bytes.size(), 0);
            if (size <= 0) return {};
            reader.feed({bytes.data(), static_cast<std::size_t>(size)});
        }
    }

    int const listener_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("the default settings are what a URL means that says nothing", "[S43]") {
    Config const usual = config_of("amqp://localhost");
    Config const ours = config_of(Settings{}.url());
    CHECK(ours.host == usual.host);
    CHECK(ours.port == usual.port);
    CHECK(ours.user == usual.user);
    CHECK(ours.password.reveal() == usual.password.reveal());
    CHECK(ours.login == usual.login);
    CHECK(ours.tls.is_on == usual.tls.is_on);
    CHECK(ours.vhost == usual.vhost);
    CHECK(ours.name == usual.name);
    CHECK(ours.space == usual.space);
    CHECK(ours.timeout == usual.timeout);
    CHECK(ours.heartbeat == usual.heartbeat);
    CHECK(ours.blocked == usual.blocked);
    CHECK(ours.has_priorities == usual.has_priorities);
    CHECK(ours.consumer_timeout == usual.consumer_timeout);
    CHECK(ours.is_consumer_timeout_known == usual.is_consumer_timeout_known);
    CHECK(ours.frame_max == usual.frame_max);
}

TEST_CASE("each setting of a connection is read as it was set, whatever characters it has", "[S41]") {
    Settings settings;
    settings.host = "::1";
    settings.port = 5673;
    settings.user = "us/er@home";
    settings.password = Secret{"p:a?s&s%"};
    settings.vhost = "/sh op";
    settings.heartbeat = 7s;
    settings.blocked_timeout = 250ms;
    settings.timeout = 3s;
    settings.frame_max = 8192;
    settings.space = "till-1";
    settings.name = "till 1";
    settings.others = {{"priorities", "3"}};
    Config const config = config_of(settings.url());
    CHECK(config.host == "::1");
    CHECK(config.port == 5673);
    CHECK(config.user == "us/er@home");
    CHECK(config.password.reveal() == "p:a?s&s%");
    CHECK(config.vhost == "/sh op");
    CHECK(config.heartbeat == 7s);
    CHECK(config.blocked == 250ms);
    CHECK(config.timeout == 3s);
    CHECK(config.frame_max == 8192);
    CHECK(config.space == "till-1");
    CHECK(config.name == "till 1");
    CHECK(config.has_priorities);
    CHECK(config.masked.find("p:a?s&s%") == std::string::npos);
}

TEST_CASE(
    "host, port, user, password, vhost, heartbeat, frame size and name go to the server as they were set",
    "[S41]") {
    FakeServer server;
    Settings settings;
    settings.host = "127.0.0.1";
    settings.port = server.port;
    settings.user = "till";
    settings.password = Secret{"se cret"};
    settings.vhost = "/shop";
    settings.heartbeat = 7s;
    settings.frame_max = 8192;
    settings.timeout = 500ms;
    settings.name = "till-1";
    auto const broker = rabbitmq::open(parse_url(settings.url()));
    CHECK(rabbitmq_test::code_of(broker->push(rabbitmq_test::one("a"))) == errc::unavailable);
    server.join();
    broker->close();
    CHECK(server.start_ok.find(std::string{"\0till\0se cret", 13}) != std::string::npos);
    CHECK(server.start_ok.find("till-1:push") != std::string::npos);
    REQUIRE(server.tune_ok.size() >= 12);
    CHECK(read_u32(std::string_view{server.tune_ok}.substr(6)) == 8192);
    CHECK(read_u16(std::string_view{server.tune_ok}.substr(10)) == 7);
    CHECK(server.opened.find("/shop") != std::string::npos);
}

}  // namespace settings_test
