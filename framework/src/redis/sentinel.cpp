// SPDX-License-Identifier: MIT
#include "redis/sentinel.hpp"

#include "io/timeout.hpp"
#include "io/wire.hpp"
#include "redis/errors.hpp"
#include "redis/resp.hpp"

#include <cohort/error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <charconv>
#include <random>

namespace cohort::redis {

namespace asio = boost::asio;

namespace {

// A sentinel that does not answer must not keep us from the others for long.
constexpr Duration longest_answer = 1s;
// One that could not be listened to is tried again after between one and two of these.
constexpr Duration next_listening = 1s;
// Of the leader, as soon as the new master calls itself one; and of each sentinel that has learned of it.
constexpr std::string_view promoted = "+promoted-slave";
constexpr std::string_view switched = "+switch-master";

Duration answer_limit(Config const& config) {
    return std::min(longest_answer, config.timeout / 2);
}

std::string log_in(Config const& config) {
    std::string bytes;
    auto const& password = config.sentinel_password;
    if (!password.empty() && !config.sentinel_user.empty()) {
        append_command(bytes, {"AUTH", config.sentinel_user, password.reveal()});
    } else if (!password.empty()) {
        append_command(bytes, {"AUTH", password.reveal()});
    }
    return bytes;
}

std::string question(Config const& config) {
    std::string bytes = log_in(config);
    append_command(bytes, {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", config.master});
    return bytes;
}

io::Address address_in(View answer, Config const& config) {
    if (answer.is_error()) {
        std::string const text{answer.text()};
        bool const is_other = text.find("unknown command") != std::string::npos;
        if (is_other) {
            throw Error{errc::broker_unsupported,
                        config.masked + ": what is asked there is no sentinel; write redis: for a server"};
        }
        throw make_error(text, config.masked);
    }
    auto const port = answer[1].integer();
    if (answer.size() != 2 || answer[0].text().empty() || port < 1 || port > 65535) {
        throw Error{errc::unavailable,
                    config.masked + ": the sentinels know no master \"" + config.master + '"'};
    }
    return {std::string{answer[0].text()}, static_cast<std::uint16_t>(port), {}};
}

awaitable<void> ask_sentinel(std::shared_ptr<io::Wire> wire, Config const& config, Host sentinel,
                             io::Address& address) {
    io::Address place{sentinel.name, sentinel.port, {}};
    io::Patience const patience{answer_limit(config), longest_answer, config.keepalive};
    co_await wire->connect(std::move(place), patience);
    wire->write(question(config), [wire](std::exception_ptr error) {
        if (error) wire->close();
    });
    std::size_t const expected = config.sentinel_password.empty() ? 1 : 2;
    Parser parser;
    std::vector<Reply> replies;
    while (replies.size() < expected) {
        std::string_view const bytes = co_await wire->read();
        parser.feed(bytes);
        while (parser.next(replies)) {
        }
    }
    View const first = replies.front().view();
    address = address_in(first.is_error() ? first : replies.back().view(), config);
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        auto const end = std::min(text.find(' '), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::optional<io::Address> address_of(std::string_view host, std::string_view port) {
    std::uint16_t number = 0;
    auto const [end, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
    bool const is_port = fault == std::errc{} && end == port.data() + port.size() && number > 0;
    if (!is_port || host.empty()) return std::nullopt;
    return io::Address{std::string{host}, number, {}};
}

}  // namespace

std::optional<io::Address> master_in(std::string_view channel, std::string_view message,
                                     std::string_view master) {
    auto const words = words_of(message);
    // "slave NAME HOST PORT @ MASTER ITS-HOST ITS-PORT"
    if (channel == promoted && words.size() == 8 && words[5] == master) return address_of(words[2], words[3]);
    // "MASTER OLD-HOST OLD-PORT HOST PORT"
    if (channel == switched && words.size() == 5 && words[0] == master) return address_of(words[3], words[4]);
    return std::nullopt;
}

// What listens to one sentinel.
struct Sentinels::Ear {
    Ear(asio::any_io_executor executor, Config const& config, Host its_sentinel)
        : sentinel{std::move(its_sentinel)},
          wire{std::make_shared<io::Wire>(std::move(executor), config.tls, config.masked)} {}

    Host const sentinel;
    std::shared_ptr<io::Wire> const wire;
    io::Wake const closed;
};

Sentinels::Sentinels(asio::any_io_executor executor, Config const& config, Moved on_move)
    : executor_{std::move(executor)}, config_{config}, on_move_{std::move(on_move)} {
    for (auto const& sentinel : config.hosts)
        ears_.push_back(std::make_unique<Ear>(executor_, config, sentinel));
}

Sentinels::~Sentinels() = default;

Locate Sentinels::locate_for(asio::any_io_executor executor) {
    return [self = shared_from_this(), executor = std::move(executor)] {
        self->start();
        return self->locate(executor);
    };
}

void Sentinels::close() {
    {
        std::lock_guard const lock{mutex_};
        on_move_ = {};
    }
    asio::post(executor_, [self = shared_from_this()] {
        for (auto const& ear : self->ears_) {
            ear->wire->close();
            ear->closed.wake();
        }
    });
}

void Sentinels::start() {
    if (is_started_.exchange(true)) return;
    for (std::size_t i = 0; i < ears_.size(); ++i) {
        // listen() handles what can go wrong.
        asio::co_spawn(executor_, listen(i), [self = shared_from_this()](std::exception_ptr) {});
    }
}

awaitable<void> Sentinels::listen(std::size_t index) {
    Ear& ear = *ears_[index];
    std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<Duration::rep> spread{next_listening.count(), 2 * next_listening.count()};
    for (;;) {
        {
            std::lock_guard const lock{mutex_};
            if (!on_move_) co_return;
        }
        try {
            co_await hear(index);
        } catch (std::exception const&) {
            // Whoever asks for the master is told what is wrong with it.
        }
        ear.wire->close();
        Duration const span{spread(random)};
        co_await ear.closed.wait_for(span);
    }
}

// Until it ends, which throws.
awaitable<void> Sentinels::hear(std::size_t index) {
    Ear& ear = *ears_[index];
    io::Address place{ear.sentinel.name, ear.sentinel.port, {}};
    io::Patience const patience{answer_limit(config_), longest_answer, config_.keepalive};
    auto connecting = ear.wire->connect(std::move(place), patience);
    co_await io::with_timeout(std::move(connecting), patience.connect);
    std::string bytes = log_in(config_);
    append_command(bytes, {"SUBSCRIBE", promoted, switched});
    ear.wire->write(std::move(bytes), [wire = ear.wire](std::exception_ptr error) {
        if (error) wire->close();
    });
    Parser parser;
    for (;;) {
        std::string_view const heard = co_await ear.wire->read();
        parser.feed(heard);
        std::vector<Reply> replies;
        while (parser.next(replies)) {
        }
        for (auto const& reply : replies) {
            View const view = reply.view();
            if (view.is_error()) throw Error{errc::unavailable, "it does not let us listen"};
            if (view.size() != 3 || view[0].text() != "message") continue;
            auto const master = master_in(view[1].text(), view[2].text(), config_.master);
            if (master) tell(index, *master);
        }
    }
}

void Sentinels::tell(std::size_t index, io::Address const& master) {
    first_ = index;  // the others may not know yet
    std::lock_guard const lock{mutex_};
    if (on_move_) on_move_(master);
}

awaitable<io::Address> Sentinels::locate(asio::any_io_executor executor) {
    std::size_t const count = config_.hosts.size();
    std::size_t const first = first_;
    std::string faults;
    errc code = errc::unavailable;
    Duration const limit = answer_limit(config_);
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t const index = (first + i) % count;
        Host const sentinel = config_.hosts[index];
        auto const wire = std::make_shared<io::Wire>(executor, config_.tls, config_.masked);
        io::Address address;
        try {
            auto asking = ask_sentinel(wire, config_, sentinel, address);
            co_await io::with_timeout(std::move(asking), limit);
            auto expected = first;
            first_.compare_exchange_strong(expected, index);
            co_return address;
        } catch (Error const& error) {
            if (error.which() != errc::timed_out) code = error.which();
            faults += "; " + sentinel.name + ":" + std::to_string(sentinel.port) + ": " +
                      (error.which() == errc::timed_out ? "no answer within " + to_string(limit)
                                                        : without(error.detail(), config_.sentinel_password));
        } catch (boost::system::system_error const& error) {
            faults +=
                "; " + sentinel.name + ":" + std::to_string(sentinel.port) + ": " + error.code().message();
        }
    }
    throw Error{code, config_.masked + ": no sentinel knows the master" + faults};
}

}  // namespace cohort::redis
