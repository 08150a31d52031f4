// SPDX-License-Identifier: MIT
// The bad network: each of its ways, between a client of sockets and a server that sends everything back.
#include "faults/proxy.hpp"

#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

using faults::Proxy;
using faults::Way;
using namespace std::chrono_literals;

namespace {

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// Sends back what it is sent.
class Echo {
public:
    Echo() : listener_{::socket(AF_INET, SOCK_STREAM, 0)} {
        auto address = loopback(0);
        ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
        ::listen(listener_, 16);
        socklen_t length = sizeof address;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
        port = ntohs(address.sin_port);
        thread_ = std::thread{[this] { serve(); }};
    }
    ~Echo() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    Echo(Echo const&) = delete;
    Echo& operator=(Echo const&) = delete;

    std::uint16_t port = 0;

private:
    void serve() {
        std::vector<std::thread> each;
        for (;;) {
            int const peer = ::accept(listener_, nullptr, nullptr);
            if (peer < 0) break;
            each.emplace_back([peer] {
                char buffer[4096];
                ssize_t n = 0;
                while ((n = ::read(peer, buffer, sizeof buffer)) > 0)
                    ::send(peer, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL);
                ::close(peer);
            });
        }
        for (auto& thread : each)
            thread.join();
    }

    int const listener_;
    std::thread thread_;
};

class Peer {
public:
    explicit Peer(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
        auto address = loopback(port);
        is_connected = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    ~Peer() { ::close(fd_); }
    Peer(Peer const&) = delete;
    Peer& operator=(Peer const&) = delete;

    void send(std::string const& text) const { ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
    // What comes within so long, up to so many bytes; `end` says how it ended: 0 by FIN, ECONNRESET, or
    // ETIMEDOUT.
    std::string read(std::size_t most, std::chrono::milliseconds patience = 3s) {
        std::string text;
        auto const until = std::chrono::steady_clock::now() + patience;
        while (text.size() < most) {
            auto const left =
                std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
            pollfd watched{fd_, POLLIN, 0};
            if (left <= 0ms || ::poll(&watched, 1, static_cast<int>(left.count())) <= 0) {
                end = ETIMEDOUT;
                break;
            }
            char buffer[4096];
            ssize_t const n = ::read(fd_, buffer, std::min(sizeof buffer, most - text.size()));
            if (n <= 0) {
                end = n == 0 ? 0 : errno;
                break;
            }
            ++pieces;
            text.append(buffer, static_cast<std::size_t>(n));
        }
        return text;
    }
    void close_writing() const { ::shutdown(fd_, SHUT_WR); }
    std::uint16_t port() const {
        sockaddr_in address{};
        socklen_t length = sizeof address;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
        return ntohs(address.sin_port);
    }

    bool is_connected = false;
    int end = -1;
    int pieces = 0;

private:
    int const fd_;
};

struct Net {
    Echo echo;
    Proxy proxy{echo.port};
    // Connected, and known to the proxy.
    std::unique_ptr<Peer> connect() {
        auto peer = std::make_unique<Peer>(proxy.port());
        peer->send("hello");
        REQUIRE(peer->read(5) == "hello");
        peer->pieces = 0;
        return peer;
    }
};

}  // namespace

TEST_CASE("a proxy that passes is not noticed", "[proxy]") {
    Net net;
    auto const peer = net.connect();
    std::string const much(1'000'000, 'x');
    std::thread sender{[&] { peer->send(much); }};
    CHECK(peer->read(much.size(), 10s) == much);
    sender.join();
    auto const traffic = net.proxy.traffic();
    CHECK(traffic.connects == 1);
    CHECK(traffic.open == 1);
    CHECK(traffic.to_server == 1'000'005);
    CHECK(traffic.to_client == 1'000'005);
    peer->close_writing();
    CHECK(peer->read(1).empty());
    CHECK(peer->end == 0);
}

TEST_CASE("a proxy throws away what goes one way, and the connection stays, but not whole again", "[proxy]") {
    Net net;
    auto const peer = net.connect();
    net.proxy.set(Way::to_client, "blackhole");
    peer->send("lost");
    CHECK(peer->read(4, 200ms).empty());
    CHECK(peer->end == ETIMEDOUT);
    CHECK(net.proxy.traffic().to_server == 9);
    net.proxy.set(Way::to_client, "pass");
    peer->send("behind");
    CHECK(peer->read(6, 200ms).empty());
    CHECK(peer->end == ETIMEDOUT);
    auto const other = net.connect();
    other->send("kept");
    CHECK(other->read(4) == "kept");
}

TEST_CASE("a proxy that stalls keeps what it has not read", "[proxy]") {
    Net net;
    auto const peer = net.connect();
    net.proxy.set(Way::to_server, "stall");
    peer->send("1");  // the read under way still takes this
    peer->read(1);
    peer->send("later");
    CHECK(peer->read(5, 200ms).empty());
    net.proxy.set(Way::to_server, "pass");
    CHECK(peer->read(5) == "later");
}

TEST_CASE("a proxy delays, drips and fragments", "[proxy]") {
    Net net;
    auto const peer = net.connect();
    auto const begun = std::chrono::steady_clock::now();
    net.proxy.set(Way::to_server, "delay(100,50)");
    peer->send("slow");
    CHECK(peer->read(4) == "slow");
    CHECK(std::chrono::steady_clock::now() - begun >= 100ms);

    net.proxy.set(Way::to_server, "pass");
    net.proxy.set(Way::to_client, "drip(2,20)");
    peer->pieces = 0;
    peer->send("0123456789");
    CHECK(peer->read(10) == "0123456789");
    CHECK(peer->pieces >= 4);

    net.proxy.set(Way::to_client, "frag(1)");
    peer->send(std::string(100, 'y'));
    CHECK(peer->read(100) == std::string(100, 'y'));
}

TEST_CASE("a proxy closes after so many bytes", "[proxy]") {
    Net net;
    auto const peer = net.connect();
    net.proxy.set(Way::to_client, "close_after(8)");
    peer->send("0123456789");
    CHECK(peer->read(10) == "012");
    CHECK(peer->end == 0);
    CHECK(net.proxy.traffic().open == 0);
}

TEST_CASE("a proxy turns bits over", "[proxy]") {
    Net net;
    auto const peer = net.connect();
    net.proxy.set(Way::to_client, "flip(5,0)");
    peer->send("aaaaaaaaaa");
    CHECK(peer->read(10) == "aaaa`aaaa`");
}

TEST_CASE("a proxy injects bytes, and ends or resets connections", "[proxy]") {
    Net net;
    auto const first = net.connect();
    auto const second = net.connect();
    net.proxy.inject(Way::to_client, "surprise", first->port());
    CHECK(first->read(8) == "surprise");
    CHECK(second->read(1, 100ms).empty());
    net.proxy.fin(Way::to_client, first->port());
    CHECK(first->read(1).empty());
    CHECK(first->end == 0);
    net.proxy.rst();
    CHECK(second->read(1).empty());
    CHECK(second->end == ECONNRESET);
}

TEST_CASE("a proxy accepts and says nothing, or refuses", "[proxy]") {
    Net net;
    net.proxy.accept("silent");
    Peer silent{net.proxy.port()};
    CHECK(silent.is_connected);
    silent.send("anybody?");
    CHECK(silent.read(1, 200ms).empty());
    CHECK(silent.end == ETIMEDOUT);
    net.proxy.accept("refuse");
    CHECK_FALSE(Peer{net.proxy.port()}.is_connected);
    net.proxy.accept("pass");
    auto const peer = net.connect();
    CHECK(peer->is_connected);
}

TEST_CASE("a proxy refuses what it does not know", "[proxy]") {
    Net net;
    for (char const* bad : {"", "explode", "delay", "delay(1)", "delay(1,2", "pass(1)", "drip(a,b)"})
        CHECK_THROWS_AS(net.proxy.set(Way::to_client, bad), std::invalid_argument);
    CHECK_THROWS_AS(net.proxy.accept("maybe"), std::invalid_argument);
}
