// SPDX-License-Identifier: MIT
// Connections as the system sees them.
#include "io/stream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

namespace stream_test {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

// Our descriptors of connections to this port.
std::vector<int> connections_to(std::uint16_t port) {
    std::vector<int> found;
    for (int fd = 0; fd < 1024; ++fd) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        bool const is_one = ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0;
        if (is_one && peer.sin_family == AF_INET && ntohs(peer.sin_port) == port) found.push_back(fd);
    }
    return found;
}

void connect(asio::io_context& context, cohort::io::Stream& stream, std::uint16_t port) {
    cohort::io::Address address;
    address.host = "localhost";  // perhaps ::1 first, where nobody listens
    address.port = port;
    cohort::io::Patience const patience{5s, 1s};
    auto done = asio::co_spawn(context, stream.connect(std::move(address), patience), asio::use_future);
    context.restart();
    context.run();
    done.get();
}

}  // namespace

TEST_CASE("a program that is started does not inherit a connection") {
    asio::io_context context;
    tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    auto const port = acceptor.local_endpoint().port();
    cohort::io::Stream stream{context.get_executor()};
    connect(context, stream, port);
    auto const ours = connections_to(port);
    REQUIRE(ours.size() == 1);
    CHECK((::fcntl(ours.front(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a port at which nobody listens is refused, and the same stream connects later") {
    asio::io_context context;
    tcp::acceptor acceptor{context, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    auto const endpoint = acceptor.local_endpoint();
    acceptor.close();
    cohort::io::Stream stream{context.get_executor()};
    CHECK_THROWS_AS(connect(context, stream, endpoint.port()), boost::system::system_error);
    CHECK_FALSE(stream.is_open());

    acceptor.open(tcp::v4());
    acceptor.set_option(tcp::acceptor::reuse_address{true});
    acceptor.bind(endpoint);
    acceptor.listen();
    connect(context, stream, endpoint.port());
    CHECK(stream.is_open());
    CHECK(connections_to(endpoint.port()).size() == 1);
}

}  // namespace stream_test
