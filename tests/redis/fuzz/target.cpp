// SPDX-License-Identifier: MIT
#include "redis/fuzz/target.hpp"

#include "redis/intake.hpp"
#include "redis/record.hpp"
#include "redis/session.hpp"

#include <cohort/error.hpp>

#include <cstdlib>
#include <functional>

namespace redis_fuzz {

using namespace cohort;
using namespace cohort::redis;

namespace {

// Only an Error may come of it.
void attempt(std::function<void()> const& reading) {
    try {
        reading();
    } catch (Error const& error) {
        if (error.detail().size() > 20'000) std::abort();
    }
}

std::size_t walk(View view, std::size_t depth) {
    if (depth > Guard::deepest) std::abort();
    std::size_t seen = view.text().size() + static_cast<std::size_t>(view.integer() != 0) +
                       static_cast<std::size_t>(view[view.size()].is_nil());
    for (std::size_t i = 0; i < view.size(); ++i)
        seen += walk(view[i], depth + 1);
    return seen;
}

// As a connection does: in pieces, behind a greeting, with requests that wait.
void converse(std::string_view bytes, std::size_t piece) {
    static Config const config = read_config(parse_url("redis://ann:secret@localhost"), system_clock());
    std::size_t heard = 0;
    Session session{config, "watch", [&](std::string_view channel, std::string_view payload) {
                        heard += channel.size();
                        attempt([&] { decode_message(payload); });
                    }};
    Session::Time const now{};
    std::vector<RequestPtr> requests;
    for (int i = 0; i < 3; ++i) {
        requests.push_back(std::make_shared<Request>(Effect::write, 5s));
        requests.back()->add({"PING"});
        session.add(requests.back(), now);
    }
    session.open({"c"}, now);
    std::exception_ptr fault = std::make_exception_ptr(Error{errc::unavailable, "it ended"});
    try {
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            session.take_output(now);
            session.feed(bytes.substr(at, piece), now);
        }
    } catch (Error const&) {
        fault = std::current_exception();
    }
    session.lost(fault);
    for (auto const& request : requests) {
        if (!request->is_ended()) std::abort();  // a wait that never ends
        for (auto const& reply : request->replies)
            walk(reply.view(), 0);
    }
}

}  // namespace

void read(std::string_view bytes) {
    if (bytes.empty()) return;
    std::size_t const piece = static_cast<unsigned char>(bytes.front()) + std::size_t{1};
    bytes.remove_prefix(1);
    attempt([&] {
        Parser parser;
        std::vector<Reply> replies;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            parser.feed(bytes.substr(at, piece));
            while (parser.next(replies)) {
            }
        }
        for (auto const& reply : replies)
            walk(reply.view(), 0);
    });
    converse(bytes, piece);
    auto const half = bytes.substr(0, bytes.size() / 2);
    auto const rest = bytes.substr(bytes.size() / 2);
    decode_record({"main", "a"}, bytes, {}, {});
    decode_record({"main", "a"}, half, rest, {});
    decode_record({"main", "a"}, half, {}, rest);
    attempt([&] { decode_run({"main", "a"}, half, rest); });
    attempt([&] { decode_claimed({"main", "a"}, bytes, half, Token{"w", 1}); });
    read_worker("w", bytes, 0);
    attempt([&] { decode_message(bytes); });
    read_envelope("main", bytes, "own");
}

std::vector<std::string_view> const& corpus() {
    using namespace std::string_view_literals;
    static std::vector<std::string_view> const all{
        "\x04+OK\r\n+OK\r\n$23\r\nredis_version:7.0.15\r\n\r\n$13\r\nmaxmemory:0\r\n\r\n+OK\r\n:7\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n+PONG\r\n+PONG\r\n"sv,
        "\xff*2\r\n$0\r\n\r\n*1\r\n:-7\r\n*-1\r\n*0\r\n$-1\r\n-ERR no\r\n"sv,
        "\xff*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$30\r\n\x07"
        "default\x01\x04\x00\x01\x00\x00\x00\x01\x00\x00\x00"
        "a3\r\n"sv,
        "\x01$2147483647\r\n"sv,
        "\x01*1000000000\r\n"sv,
        "\xff*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"sv,
        "\xff%1\r\n+a\r\n+b\r\n"sv,
        "\xff>2\r\n+a\r\n+b\r\n"sv,
        "\xff-MOVED 99999 :0\r\n-NOAUTH\r\n-READONLY\r\n"sv,
        "\xff\x01\x01\x00\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x1f\xff\xff\xff\xff\x00\x00\x00\x00"sv,
        "\xff{\"name\": \"shop.price\", \"args\": [1, {\"a\": null}], \"delay\": 1e309, \"id\": \"../x\"}"sv,
        "\xff[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["sv,
        "\x00HTTP/1.1 400 Bad Request\r\n\r\n"sv,
        // Has been wrong: a worker whose lease is no span.
        "\x0f\x00\x00\x00\x00\x00\x00\x00\x80\x32\x39\xff\x3d\xae\x8f\xff\x00\x0b\x00\x34\r\n"sv,
    };
    return all;
}

}  // namespace redis_fuzz
