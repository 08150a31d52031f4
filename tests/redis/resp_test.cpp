// SPDX-License-Identifier: MIT
#include "redis/resp.hpp"

#include <cohort/error.hpp>

#include <catch2/catch.hpp>

namespace resp_test {

using namespace cohort;
using namespace cohort::redis;

namespace {

std::vector<Reply> parse(std::string_view bytes, std::size_t piece) {
    Parser parser;
    std::vector<Reply> replies;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        parser.feed(bytes.substr(at, piece));
        while (parser.next(replies)) {
        }
    }
    return replies;
}

errc code_of(std::string_view bytes) {
    try {
        parse(bytes, 7);
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

}  // namespace

TEST_CASE("a command is written with the length of each word") {
    std::string out;
    append_command(out, {"SET", "k\r\n", ""});
    CHECK(out == "*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n");
}

TEST_CASE("replies are the same in whatever pieces they come", "[F69]") {
    std::string_view const bytes =
        "+OK\r\n-ERR no\r\n:42\r\n$5\r\na\r\nbc\r\n$-1\r\n*2\r\n$0\r\n\r\n*1\r\n:-7\r\n*-1\r\n*0\r\n";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        auto const replies = parse(bytes, piece);
        REQUIRE(replies.size() == 8);
        CHECK(replies[0].view().text() == "OK");
        CHECK(replies[1].view().is_error());
        CHECK(replies[2].view().integer() == 42);
        CHECK(replies[3].view().text() == "a\r\nbc");
        CHECK(replies[4].view().is_nil());
        CHECK(replies[5].view().size() == 2);
        CHECK(replies[5].view()[1][0].integer() == -7);
        CHECK(replies[5].view()[2].is_nil());
        CHECK(replies[6].view().is_nil());
        CHECK(replies[7].view().size() == 0);
    }
}

TEST_CASE("what a hostile server announces is refused before anything is allocated", "[F72]") {
    CHECK(code_of("$2147483647\r\n") == errc::protocol_error);
    CHECK(code_of("$67108864\r\n") == errc::ok);
    CHECK(code_of("$67108865\r\n") == errc::protocol_error);
    CHECK(code_of("$-2\r\n") == errc::protocol_error);
    CHECK(code_of("$9999999999999999999999\r\n") == errc::protocol_error);
    CHECK(code_of("*1000000000\r\n") == errc::protocol_error);
    CHECK(code_of("*-5\r\n") == errc::protocol_error);
    CHECK(code_of("*1x\r\n") == errc::protocol_error);
    CHECK(code_of("%1\r\n+a\r\n+b\r\n") == errc::protocol_error);
    CHECK(code_of(">2\r\n+a\r\n+b\r\n") == errc::protocol_error);
    CHECK(code_of("HTTP/1.1 400 Bad Request\r\n") == errc::protocol_error);
    CHECK(code_of("\r\n") == errc::protocol_error);
    CHECK(code_of("+OK\n") == errc::protocol_error);
    std::string nested;
    for (int i = 0; i < 1'000'000; ++i)
        nested += "*1\r\n";
    CHECK(code_of(nested) == errc::protocol_error);
    CHECK(code_of("+" + std::string(10'000'000, 'x')) == errc::protocol_error);
}

}  // namespace resp_test
