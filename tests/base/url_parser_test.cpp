// SPDX-License-Identifier: MIT
// Addresses that are understood, and those that are refused without showing a password.
#include <cohort/error.hpp>
#include <cohort/url.hpp>

#include <catch2/catch.hpp>

#include <random>
#include <string>

using namespace cohort;

namespace {

// The whole message; "accepted" when nothing was thrown.
std::string refusal(std::string_view text) {
    try {
        parse_url(text);
    } catch (Error const& error) {
        CHECK(error.which() == errc::invalid_url);
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("addresses without hosts are a scheme and a path") {
    Url const file = parse_url("sqlite:path.db");
    CHECK(file.scheme == "sqlite");
    CHECK(file.path == "path.db");
    CHECK(file.hosts.empty());
    CHECK(file.params.empty());

    Url const absolute = parse_url("sqlite:/abs/path.db?durability=normal");
    CHECK(absolute.path == "/abs/path.db");
    CHECK(absolute.text("durability") == "normal");
    CHECK(parse_url("sqlite:///abs/path.db").path == "/abs/path.db");

    CHECK(parse_url("memory:").path.empty());
    CHECK(parse_url("memory:name").path == "name");
    CHECK(parse_url("sqlite:a%20b%3f.db?").path == "a b?.db");
    CHECK(parse_url("sqlite:größe.db").path == "größe.db");
}

TEST_CASE("addresses of servers are taken apart and decoded") {
    Url const url = parse_url("Redis://us%65r:pa%40ss%3A@h-1.example:6379/0?x=y&z=%26");
    CHECK(url.scheme == "redis");
    CHECK(url.user == "user");
    CHECK(url.password.reveal() == "pa@ss:");
    REQUIRE(url.hosts.size() == 1);
    CHECK(url.hosts[0].name == "h-1.example");
    CHECK(url.hosts[0].port == 6379);
    CHECK(url.path == "0");
    CHECK(url.text("x") == "y");
    CHECK(url.text("z") == "&");

    Url const plain = parse_url("amqp://h");
    CHECK(plain.hosts.at(0).port == 0);
    CHECK(plain.path.empty());
    CHECK(parse_url("amqp://h/%2Fvhost").path == "/vhost");
    CHECK(parse_url("redis://h?db=3").text("db") == "3");
}

TEST_CASE("user and password may be missing or empty", "[B36]") {
    Url const only = parse_url("redis://:hunter2@h");
    CHECK(only.user.empty());
    CHECK(only.password.reveal() == "hunter2");
    CHECK(parse_url("redis://user@h").password.empty());
    CHECK(parse_url("redis://user:@h").password.empty());
    CHECK(parse_url("redis://u:a:b@h").password.reveal() == "a:b");
    CHECK(parse_url("redis://u:p%2F%3F%23%25@h").password.reveal() == "p/?#%");
}

TEST_CASE("several hosts, sockets and IPv6 are understood", "[B37]") {
    Url const sentinel = parse_url("redis+sentinel://h1:1,h2:2,h3/0?master=m");
    REQUIRE(sentinel.hosts.size() == 3);
    CHECK(sentinel.hosts[1].name == "h2");
    CHECK(sentinel.hosts[1].port == 2);
    CHECK(sentinel.hosts[2].port == 0);
    CHECK(sentinel.path == "0");
    CHECK(sentinel.text("master") == "m");

    Url const socket = parse_url("redis+unix:///run/redis.sock");
    CHECK(socket.hosts.empty());
    CHECK(socket.path == "/run/redis.sock");
    Url const guarded = parse_url("redis+unix://u:hunter2@/run/redis.sock");
    CHECK(guarded.password.reveal() == "hunter2");
    CHECK(guarded.path == "/run/redis.sock");

    Url const v6 = parse_url("redis://[::1]:6380,[fe80::1%eth0]/0");
    REQUIRE(v6.hosts.size() == 2);
    CHECK(v6.hosts[0].name == "::1");
    CHECK(v6.hosts[0].port == 6380);
    CHECK(v6.hosts[1].name == "fe80::1%eth0");
}

TEST_CASE("a faulty address is refused with the reason", "[B35][B36]") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"", "invalid_url: is empty; write for example sqlite:jobs.db"},
        {"localhost", "has no scheme, as in \"sqlite:jobs.db\", in \"localhost\""},
        {":x", "has no scheme"},
        {"1x:y", "the scheme must be a letter"},
        {"a_b:y", "the scheme must be a letter"},
        {"redis://", "the host is missing"},
        {"redis://?x=y", "the host is missing"},
        {"redis://u:hunter2@", "the host is missing"},
        {"redis://h:99999", "invalid_url: port \"99999\" not in 1..65535, in \"redis://h:99999\""},
        {"redis://h:0", "port \"0\" not in 1..65535"},
        {"redis://h:", "port not in 1..65535"},
        {"redis://h:abc", "port not in 1..65535, in \"redis://h:***\""},
        {"redis://h:-1", "port not in 1..65535"},
        {"redis://[::1", "\"[\" without \"]\""},
        {"redis://[::1]6379", "must be followed by a port"},
        {"redis://[h]", "IPv6"},
        {"redis://[]", "IPv6"},
        {"redis://::1", "brackets"},
        {"redis://h1,,h2", "host 2 is empty"},
        {"redis://h1,", "host 2 is empty"},
        {"redis://:6379", "host 1 is empty"},
        {"redis://h*", "a host has a character that is not allowed"},
        {"redis://h /0", "position 9"},
        {"redis://h\n/0", "position 9"},
        {std::string_view{"sqlite:a\0b", 10}, "position 8"},
        {"sqlite:a#b", "position 8"},
        {"sqlite:\xff", "is not UTF-8"},
        {"sqlite:a%00b", "other than 00"},
        {"sqlite:a%", "\"%\" in the path"},
        {"sqlite:a%1", "\"%\" in the path"},
        {"sqlite:a%-1", "\"%\" in the path"},
        {"redis://u:%zz@h", "\"%\" in the password"},
        {"redis://%zz@h", "\"%\" in the user"},
        {"redis://h?x=%g0", "\"%\" in the parameter 1"},
        {"redis://h?x", "parameter 1 is not of the form name=value"},
        {"redis://h?x=1&", "parameter 2 is not of the form name=value"},
        {"redis://h?=1", "parameter 1 is not"},
        {"redis://h?a%20b=1", "parameter 1 has a character in its name"},
        {"redis://h?x=1&x=2", "parameter \"x\" comes twice"},
        {"redis://u:hun@ter2@h", "ambiguous \"@\"; percent-encode"},
        {"redis://u:hun/ter2@h", "ambiguous \"@\""},
        {"redis://u:hun?ter2@h", "ambiguous \"@\""},
        {"redis://h/0?x=a@b", "ambiguous \"@\""},
    };
    for (auto const& [text, expected] : cases) {
        CAPTURE(text, expected);
        CHECK_THAT(refusal(text), Catch::Matchers::Contains(std::string{expected}));
    }
    CHECK(refusal("sqlite:" + std::string(10'000, 'x')) == "invalid_url: has 10007 bytes; at most 8192");
}

TEST_CASE("no message shows a password, whatever else is wrong", "[B36][B37][F90]") {
    for (std::string_view const text : {
             "redis://u:hunter2@h:99999",
             "redis://u:hunter2@h:abc",
             "redis://u:hunter2@",
             "redis://u:hunter2@[::1",
             "redis://u:hunter2@h /0",
             "redis://u:hunter2 @h",
             "redis://u:hun@hunter2@h",
             "redis://u:a/hunter2@h",
             "redis://u:a?hunter2@h",
             "redis://u:a#hunter2@h",
             "redis://u:hunter2%zz@h",
             "redis://u:%hunter2@h",
             "redis://u:hunter2",
             "redis://u:hunter2/0",
             "redis://u:hunter2?x=y",
             "redis://h:1,u:hunter2@h:0",
             "redis+sentinel://u:hunter2@h1:1,u:hunter2@h2:2",
             "redis://u:hunter2@h?x",
             "redis ://u:hunter2@h",
             "1://u:hunter2@h",
             "a b:u:hunter2@h",
             "redis://h?password=hunter2&x",
             "redis://h?y=1&secret=hunter2&x",
         }) {
        std::string const message = refusal(text);
        CAPTURE(text, message);
        CHECK(message != "accepted");
        CHECK(message.find("hunter2") == std::string::npos);
    }
}

TEST_CASE("a message is one line, however the address looks", "[F91]") {
    std::string const message = refusal("redis://h\n\x1b[2J\xe2\x80\xa8" + std::string(5000, 'x'));
    CHECK(message.find_first_of("\n\x1b") == std::string::npos);
    CHECK(message.size() < 400);
}

TEST_CASE("random texts are understood or refused, and what is understood can be read again", "[B35]") {
    std::mt19937_64 random{11};
    std::string_view const pieces[] = {"redis", "sqlite", ":",   "//", "/",   "@",    "?",       "=",
                                       "&",     "%",      "%40", "[",  "]",   "::",   ",",       "h1",
                                       "6379",  "#",      " ",   "x",  "\n",  "\xff", "hunter2", "é",
                                       "-",     "+",      "%00", "0",  "://", "u:p@"};
    int understood = 0;
    for (int i = 0; i < 50'000; ++i) {
        std::string text = random() % 2 == 0 ? "redis://" : "";
        for (auto n = random() % 9; n > 0; --n) {
            text += pieces[random() % std::size(pieces)];
        }
        try {
            Url const url = parse_url(text);
            ++understood;
            if (!url.password.empty()) continue;
            Url const again = parse_url(url.masked());
            CAPTURE(text, url.masked());
            REQUIRE(again.masked() == url.masked());
        } catch (Error const& error) {
            REQUIRE(error.which() == errc::invalid_url);
        }
    }
    CHECK(understood > 1000);
}
