// SPDX-License-Identifier: MIT
#include "io/stream.hpp"

#include "io/aborted.hpp"
#include "io/timeout.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace cohort::io {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Stream::State {
    explicit State(asio::any_io_executor its_executor)
        : executor{std::move(its_executor)}, socket{executor}, resolver{executor}, tcp_socket{executor},
          local_socket{executor} {}

    asio::any_io_executor executor;
    asio::generic::stream_protocol::socket socket;
    // While it connects: closing ends that too.
    tcp::resolver resolver;
    tcp::socket tcp_socket;
    asio::local::stream_protocol::socket local_socket;
    asio::generic::stream_protocol protocol{AF_UNSPEC, 0};
    int laid_down = -1;  // the descriptor, while the loop has let go of it
    std::string writing;
    std::array<char, 64 * 1024> buffer;
};

namespace {

void set_option(tcp::socket& socket, int level, int name, int value) {
    ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
}

// A program that a job starts does not inherit the socket: it would keep the connection when we have closed
// it.
template<class Socket>
void open(Socket& socket, typename Socket::protocol_type const& protocol) {
    boost::system::error_code ignored;
    socket.close(ignored);
    int const made = ::socket(protocol.family(), protocol.type() | SOCK_CLOEXEC, protocol.protocol());
    if (made < 0) throw boost::system::system_error{{errno, boost::system::system_category()}, "socket"};
    socket.assign(protocol, made);
}

awaitable<void> connect_tcp(std::shared_ptr<tcp::socket> socket, tcp::endpoint endpoint) {
    open(*socket, endpoint.protocol());
    co_await socket->async_connect(endpoint, asio::use_awaitable);
}

}  // namespace

Stream::Stream(asio::any_io_executor executor) : state_{std::make_shared<State>(std::move(executor))} {}

Stream::~Stream() {
    close();
}

awaitable<void> Stream::connect(Address address, Patience patience) {
    auto const state = state_;
    close();
    if (address.host.empty()) {
        asio::local::stream_protocol::endpoint const endpoint{address.path};
        open(state->local_socket, endpoint.protocol());
        co_await state->local_socket.async_connect(endpoint, asio::use_awaitable);
        state->protocol = endpoint.protocol();
        state->socket = std::move(state->local_socket);
        co_return;
    }
    auto const end = std::chrono::steady_clock::now() + patience.connect;
    std::string const port = std::to_string(address.port);
    auto const found = co_await state->resolver.async_resolve(address.host, port, asio::use_awaitable);
    std::shared_ptr<tcp::socket> const socket{state, &state->tcp_socket};
    auto left = static_cast<Duration::rep>(found.size());
    std::exception_ptr fault =
        std::make_exception_ptr(boost::system::system_error{asio::error::host_not_found});
    for (auto const& one : found) {
        // One that says nothing must not take the time of those behind it.
        auto const share =
            std::chrono::duration_cast<Duration>(end - std::chrono::steady_clock::now()) / left;
        --left;
        auto connecting = connect_tcp(socket, one.endpoint());
        fault = nullptr;
        try {
            co_await with_timeout(std::move(connecting), share);
        } catch (...) {
            fault = std::current_exception();
        }
        if (!fault || is_aborted(fault)) break;
    }
    if (fault) std::rethrow_exception(fault);
    auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience.unacked);
    state->tcp_socket.set_option(tcp::no_delay{true});
    set_option(state->tcp_socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (patience.keepalive > 0s) {
        auto const seconds =
            static_cast<int>(std::chrono::ceil<std::chrono::seconds>(patience.keepalive).count());
        set_option(state->tcp_socket, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
        set_option(state->tcp_socket, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / 3));
    }
    set_option(state->tcp_socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(milliseconds.count()));
    state->protocol = state->tcp_socket.local_endpoint().protocol();
    state->socket = std::move(state->tcp_socket);
}

awaitable<std::string_view> Stream::read() {
    auto const state = state_;
    auto const buffer = asio::buffer(state->buffer);
    std::size_t const size = co_await state->socket.async_read_some(buffer, asio::use_awaitable);
    co_return std::string_view{state->buffer.data(), size};
}

void Stream::write(std::string bytes, std::function<void(std::exception_ptr)> done) {
    state_->writing = std::move(bytes);
    auto written = [state = state_, done = std::move(done)](boost::system::error_code error, std::size_t) {
        done(error ? std::make_exception_ptr(boost::system::system_error{error}) : nullptr);
    };
    asio::async_write(state_->socket, asio::buffer(state_->writing), std::move(written));
}

std::size_t Stream::write_now(std::string_view bytes) noexcept {
    auto const sent = ::send(native(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void Stream::lay_down() {
    state_->laid_down = state_->socket.release();
}

void Stream::take_up() {
    state_->socket.assign(state_->protocol, state_->laid_down);
    state_->laid_down = -1;
}

std::optional<std::string_view> Stream::read_now() noexcept {
    auto& buffer = state_->buffer;
    auto const got = ::recv(state_->laid_down, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) return std::string_view{buffer.data(), static_cast<std::size_t>(got)};
    bool const is_silent = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return is_silent ? std::optional{std::string_view{}} : std::nullopt;
}

int Stream::native() const noexcept {
    return state_->laid_down >= 0 ? state_->laid_down : state_->socket.native_handle();
}

bool Stream::is_open() const noexcept {
    return state_->socket.is_open() || state_->laid_down >= 0;
}

void Stream::close() noexcept {
    boost::system::error_code ignored;
    // Whoever looks at a copy of the descriptor hears of it.
    if (is_open()) ::shutdown(native(), SHUT_RDWR);
    if (state_->laid_down >= 0) ::close(std::exchange(state_->laid_down, -1));
    state_->socket.close(ignored);
    state_->resolver.cancel();
    state_->tcp_socket.close(ignored);
    state_->local_socket.close(ignored);
}

}  // namespace cohort::io
