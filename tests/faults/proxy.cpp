// SPDX-License-Identifier: MIT
#include "faults/proxy.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <fcntl.h>
#include <future>
#include <list>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace faults {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;
using std::chrono::milliseconds;

namespace {

// A worker that is started now must not hold a connection that is closed here.
void keep_to_ourselves(int fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace

// Everything below happens on the one thread of the context.
struct Proxy::State {
    struct Mode {
        enum Kind : std::uint8_t { pass, blackhole, stall, delay, drip, frag, close_after, flip } kind = pass;
        std::size_t first = 0;
        std::size_t second = 0;
    };

    static Mode parse(std::string_view text) {
        struct Form {
            std::string_view name;
            Mode::Kind kind;
            int numbers;
        };
        static constexpr Form forms[] = {{"pass", Mode::pass, 0},
                                         {"blackhole", Mode::blackhole, 0},
                                         {"stall", Mode::stall, 0},
                                         {"delay", Mode::delay, 2},
                                         {"drip", Mode::drip, 2},
                                         {"frag", Mode::frag, 1},
                                         {"close_after", Mode::close_after, 1},
                                         {"flip", Mode::flip, 2}};
        auto const bracket = text.find('(');
        std::array<std::size_t, 2> numbers{};
        int count = 0;
        if (bracket != std::string_view::npos) {
            char const* at = text.data() + bracket + 1;
            char const* const end = text.data() + text.size();
            while (at < end && count < 2) {
                auto const read = std::from_chars(at, end, numbers[static_cast<std::size_t>(count)]);
                if (read.ec != std::errc{} || read.ptr == end) break;
                ++count;
                at = read.ptr + 1;
            }
        }
        for (auto const& form : forms) {
            if (form.name == text.substr(0, bracket) && form.numbers == count)
                return {form.kind, numbers[0], numbers[1]};
        }
        throw std::invalid_argument{"no mode of a proxy: " + std::string{text}};
    }

    struct Direction {
        explicit Direction(asio::io_context& context) : changed{context} {}
        Mode mode;
        std::deque<std::string> out;  // to be written
        bool is_over = false;         // nothing more comes: shut down when all is written
        bool is_shut = false;         // it was
        std::size_t seen = 0;         // bytes read
        asio::steady_timer changed;   // cancelled when `out` or `is_over` changes
    };
    struct Link {
        explicit Link(asio::io_context& context)
            : client{context}, server{context}, directions{Direction{context}, Direction{context}} {}
        tcp::socket client;
        tcp::socket server;
        std::uint16_t client_port = 0;
        std::array<Direction, 2> directions;

        tcp::socket& from(Way way) { return way == Way::to_server ? client : server; }
        tcp::socket& to(Way way) { return way == Way::to_server ? server : client; }
        Direction& direction(Way way) { return directions[static_cast<std::size_t>(way)]; }
        void close() {
            boost::system::error_code ignored;
            client.close(ignored);
            server.close(ignored);
            for (auto& one : directions) {
                one.is_over = true;
                one.changed.cancel();
            }
        }
    };
    using LinkPtr = std::shared_ptr<Link>;

    State(std::uint16_t port, std::uint64_t seed) : server_port{port}, random{seed} { listen(0); }

    void listen(std::uint16_t port) {
        acceptor.open(tcp::v4());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind({asio::ip::address_v4::loopback(), port});
        acceptor.listen();
        keep_to_ourselves(acceptor.native_handle());
        own_port = acceptor.local_endpoint().port();
        asio::co_spawn(context, serve(), asio::detached);
    }

    asio::awaitable<void> pause(std::size_t millis) {
        asio::steady_timer timer{context, milliseconds{millis}};
        co_await timer.async_wait(use_awaitable);
    }

    asio::awaitable<void> serve() {
        for (;;) {
            auto link = std::make_shared<Link>(context);
            try {
                co_await acceptor.async_accept(link->client, use_awaitable);
            } catch (boost::system::system_error const&) {
                co_return;  // closed: connections are refused
            }
            ++traffic.connects;
            link->client_port = link->client.remote_endpoint().port();
            for (std::size_t i = 0; i < 2; ++i)
                link->directions[i].mode = modes[i];
            links.push_back(link);
            asio::co_spawn(context, open(link), asio::detached);
        }
    }

    asio::awaitable<void> open(LinkPtr link) {
        if (is_silent) co_return;  // the link keeps the socket
        try {
            tcp::endpoint const server{asio::ip::address_v4::loopback(), server_port};
            co_await link->server.async_connect(server, use_awaitable);
        } catch (boost::system::system_error const&) {
            drop(link);
            co_return;
        }
        keep_to_ourselves(link->client.native_handle());
        keep_to_ourselves(link->server.native_handle());
        link->client.set_option(tcp::no_delay(true));
        link->server.set_option(tcp::no_delay(true));
        for (Way const way : {Way::to_server, Way::to_client}) {
            asio::co_spawn(context, read(link, way), asio::detached);
            asio::co_spawn(context, write(link, way), asio::detached);
        }
    }

    asio::awaitable<void> read(LinkPtr link, Way way) {
        auto& direction = link->direction(way);
        std::array<char, 16'384> buffer;
        try {
            while (!direction.is_over) {
                if (direction.mode.kind == Mode::stall) {
                    co_await pause(2);
                    continue;
                }
                std::size_t const n =
                    co_await link->from(way).async_read_some(asio::buffer(buffer), use_awaitable);
                std::string piece{buffer.data(), n};
                co_await hand_on(link, way, std::move(piece));
            }
        } catch (boost::system::system_error const&) {
        }
        direction.is_over = true;
        direction.changed.cancel();
    }

    // One piece, as the mode of this moment wants it.
    asio::awaitable<void> hand_on(LinkPtr link, Way way, std::string piece) {
        auto& direction = link->direction(way);
        Mode const mode = direction.mode;
        auto const before = direction.seen;
        direction.seen += piece.size();
        switch (mode.kind) {
        case Mode::blackhole:
            co_return;
        case Mode::delay: {
            auto const jitter = mode.second == 0 ? 0 : random() % mode.second;
            co_await pause(mode.first + jitter);
            break;
        }
        case Mode::drip:
        case Mode::frag: {
            std::size_t const gap = mode.kind == Mode::drip ? mode.second : 0;
            for (std::size_t at = 0; at < piece.size(); at += std::max<std::size_t>(mode.first, 1)) {
                put(direction, piece.substr(at, std::max<std::size_t>(mode.first, 1)));
                co_await pause(gap);
            }
            co_return;
        }
        case Mode::close_after:
            if (direction.seen < mode.first) break;
            put(direction, piece.substr(0, mode.first - std::min(before, mode.first)));
            while (!direction.out.empty())
                co_await pause(1);
            drop(link);
            co_return;
        case Mode::flip:
            for (std::size_t i = 0; i < piece.size(); ++i) {
                if (mode.first > 0 && (before + i + 1) % mode.first == 0)
                    piece[i] = static_cast<char>(piece[i] ^ (1 << (mode.second % 8)));
            }
            break;
        default:
            break;
        }
        put(direction, std::move(piece));
    }

    static void put(Direction& direction, std::string piece) {
        direction.out.push_back(std::move(piece));
        direction.changed.cancel();
    }

    asio::awaitable<void> write(LinkPtr link, Way way) {
        auto& direction = link->direction(way);
        try {
            for (;;) {
                while (!direction.out.empty()) {
                    // Counted first: who has read the last byte may ask for the sum at once.
                    auto const buffer = asio::buffer(direction.out.front());
                    (way == Way::to_server ? traffic.to_server : traffic.to_client) += buffer.size();
                    co_await asio::async_write(link->to(way), buffer, use_awaitable);
                    direction.out.pop_front();
                }
                if (direction.is_over) break;
                direction.changed.expires_at(std::chrono::steady_clock::time_point::max());
                boost::system::error_code woken;
                co_await direction.changed.async_wait(asio::redirect_error(use_awaitable, woken));
            }
        } catch (boost::system::system_error const&) {
        }
        boost::system::error_code ignored;
        link->to(way).shutdown(tcp::socket::shutdown_send, ignored);
        auto const other = way == Way::to_server ? Way::to_client : Way::to_server;
        direction.is_shut = true;
        if (link->direction(other).is_shut) drop(link);
    }

    void drop(LinkPtr const& link) {
        link->close();
        links.remove(link);
    }

    // On the thread of the context, which is waited for.
    template<class Action>
    void perform(Action action) {
        std::promise<void> done;
        asio::post(context, [&] {
            action();
            done.set_value();
        });
        done.get_future().get();
    }
    template<class Action>
    void each(std::uint16_t client_port, Action action) {
        perform([&] {
            auto const some = links;
            for (auto const& link : some) {
                if (client_port == 0 || link->client_port == client_port) action(link);
            }
        });
    }

    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    tcp::acceptor acceptor{context};
    std::uint16_t const server_port;
    std::uint16_t own_port = 0;
    std::mt19937_64 random;
    std::array<Mode, 2> modes;
    bool is_silent = false;
    std::list<LinkPtr> links;
    Traffic traffic;
    std::thread thread;
};

Proxy::Proxy(std::uint16_t server_port, std::uint64_t seed)
    : state_{std::make_unique<State>(server_port, seed)} {
    state_->thread = std::thread{[this] { state_->context.run(); }};
}

Proxy::~Proxy() {
    state_->context.stop();
    state_->thread.join();
}

std::uint16_t Proxy::port() const noexcept {
    return state_->own_port;
}

void Proxy::set(Way way, std::string_view text, std::uint16_t client_port) {
    State::Mode const mode = State::parse(text);
    if (client_port == 0) state_->perform([&] { state_->modes[static_cast<std::size_t>(way)] = mode; });
    state_->each(client_port, [&](State::LinkPtr const& link) { link->direction(way).mode = mode; });
}

void Proxy::accept(std::string_view mode) {
    if (mode != "pass" && mode != "silent" && mode != "refuse")
        throw std::invalid_argument{"no way to accept: " + std::string{mode}};
    state_->perform([&] {
        state_->is_silent = mode == "silent";
        if (mode == "refuse")
            state_->acceptor.close();
        else if (!state_->acceptor.is_open())
            state_->listen(state_->own_port);
    });
}

void Proxy::inject(Way way, std::string bytes, std::uint16_t client_port) {
    state_->each(client_port, [&](State::LinkPtr const& link) { State::put(link->direction(way), bytes); });
}

void Proxy::fin(Way way, std::uint16_t client_port) {
    state_->each(client_port, [&](State::LinkPtr const& link) {
        link->direction(way).is_over = true;
        link->direction(way).changed.cancel();
    });
}

void Proxy::rst(std::uint16_t client_port) {
    state_->each(client_port, [&](State::LinkPtr const& link) {
        boost::system::error_code ignored;
        link->client.set_option(asio::socket_base::linger(true, 0), ignored);
        link->server.set_option(asio::socket_base::linger(true, 0), ignored);
        state_->drop(link);
    });
}

Proxy::Traffic Proxy::traffic() const {
    Traffic traffic;
    state_->perform([&] {
        traffic = state_->traffic;
        traffic.open = state_->links.size();
    });
    return traffic;
}

}  // namespace faults
