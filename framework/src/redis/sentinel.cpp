// SPDX-License-Identifier: MIT
#include "redis/sentinel.hpp"

#include "io/timeout.hpp"
#include "io/wire.hpp"
#include "redis/errors.hpp"
#include "redis/resp.hpp"

#include <cohort/error.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>

namespace cohort::redis {
namespace {

// A sentinel that does not answer must not keep us from the others for long.
constexpr Duration longest_answer = 1s;

Duration answer_limit(Config const& config) {
    return std::min(longest_answer, config.timeout / 2);
}

std::string question(Config const& config) {
    std::string bytes;
    auto const& password = config.sentinel_password;
    if (!password.empty() && !config.sentinel_user.empty()) {
        append_command(bytes, {"AUTH", config.sentinel_user, password.reveal()});
    } else if (!password.empty()) {
        append_command(bytes, {"AUTH", password.reveal()});
    }
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
    io::Patience const patience{answer_limit(config), longest_answer};
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

awaitable<io::Address> locate(boost::asio::any_io_executor executor, Config const& config,
                              std::shared_ptr<std::size_t> last) {
    std::size_t const count = config.hosts.size();
    std::string faults;
    errc code = errc::unavailable;
    Duration const limit = answer_limit(config);
    for (std::size_t i = 0; i < count; ++i) {
        std::size_t const index = (*last + i) % count;
        Host const sentinel = config.hosts[index];
        auto const wire = std::make_shared<io::Wire>(executor, config.tls, config.masked);
        io::Address address;
        try {
            auto asking = ask_sentinel(wire, config, sentinel, address);
            co_await io::with_timeout(std::move(asking), limit);
            *last = index;
            co_return address;
        } catch (Error const& error) {
            if (error.which() != errc::timed_out) code = error.which();
            faults +=
                "; " + sentinel.name + ":" + std::to_string(sentinel.port) + ": " +
                (error.which() == errc::timed_out ? "no answer within " + to_string(limit)
                                                  : without(error.detail(), config.sentinel_password));
        } catch (boost::system::system_error const& error) {
            faults +=
                "; " + sentinel.name + ":" + std::to_string(sentinel.port) + ": " + error.code().message();
        }
    }
    throw Error{code, config.masked + ": no sentinel knows the master" + faults};
}

}  // namespace

Locate locate_master(boost::asio::any_io_executor executor, Config const& config) {
    auto last = std::make_shared<std::size_t>(0);
    return [executor = std::move(executor), &config, last = std::move(last)] {
        return locate(executor, config, last);
    };
}

}  // namespace cohort::redis
