// SPDX-License-Identifier: MIT
// Parameters of an address, durations, and what is shown of it.
#include <cohort/error.hpp>
#include <cohort/url.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <sstream>

using namespace cohort;

namespace {

template<class Call>
std::string refusal(Call call) {
    try {
        call();
    } catch (Error const& error) {
        CHECK(error.which() == errc::invalid_url);
        return error.detail();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a secret is printed as stars") {
    CHECK(to_string(Secret{"hunter2"}) == "***");
    CHECK(to_string(Secret{}).empty());
    CHECK(Secret{"hunter2"}.reveal() == "hunter2");
}

TEST_CASE("the masked address is the address without its password", "[B36][F90]") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"sqlite:path.db", "sqlite:path.db"},
        {"sqlite:/abs/path.db?durability=normal", "sqlite:/abs/path.db?durability=normal"},
        {"sqlite:/data/me@corp/jobs.db", "sqlite:/data/me@corp/jobs.db"},
        {"sqlite:gr%C3%B6%C3%9Fe%20%3F.db", "sqlite:größe%20%3F.db"},
        {"sqlite:%ff.db", "sqlite:%FF.db"},
        {"memory:", "memory:"},
        {"sqlite:///a", "sqlite:/a"},
        {"sqlite:////a%40b", "sqlite:////a%40b"},
        {"redis://h:hunter2,u:hunter2@h", "redis://h:***@h"},
        {"REDIS://user:pa%40ss@h:6379/0?x=y", "redis://user:***@h:6379/0?x=y"},
        {"redis://:hunter2@h", "redis://:***@h"},
        {"redis://us%3Aer@h", "redis://us%3Aer@h"},
        {"redis://[::1]:6379/0", "redis://[::1]:6379/0"},
        {"redis+sentinel://u:hunter2@h1:1,h2:2/0?master=m", "redis+sentinel://u:***@h1:1,h2:2/0?master=m"},
        {"redis+unix://:hunter2@/run/redis.sock", "redis+unix://:***@/run/redis.sock"},
        {"redis://h?password=hunter2", "redis://h?password=***"},
        {"amqp://u:hunter2@h?store=redis://:hunter2%40h/0", "amqp://u:***@h?store=redis://:***%40h/0"},
        {"redis:user:hunter2@h", "redis:***@h"},
        {"user:hunter2@h", "user:***@h"},
        {"redis:/user:hunter2@h", "redis:***@h"},
    };
    for (auto const& [text, masked] : cases) {
        CHECK(parse_url(text).masked() == masked);
    }
}

TEST_CASE("an unknown parameter is refused, with the nearest known one", "[B35]") {
    Url const url = parse_url("redis://u:hunter2@h:6379/0?tiemout=5");
    CHECK(
        refusal([&] { url.expect({"namespace", "timeout"}); }) ==
        "unknown parameter \"tiemout\" (did you mean \"timeout\"?), in \"redis://u:***@h:6379/0?tiemout=5\"");
    CHECK(refusal([&] {
              url.expect({"namespace", "db"});
          }).starts_with("unknown parameter \"tiemout\" (known are namespace, db), in "));
    CHECK(refusal([&] {
              url.expect({});
          }).starts_with("unknown parameter \"tiemout\" (none is known here), in "));
    CHECK_NOTHROW(url.expect({"tiemout"}));
    CHECK_NOTHROW(parse_url("memory:").expect({}));
}

TEST_CASE("parameters are read by type") {
    Url const url =
        parse_url("sqlite:x?wait=250ms&n=-5&big=9223372036854775808&hex=0x10&none=&word=a%20b%2Bc+d");
    CHECK(url.text("word") == "a b+c+d");
    CHECK(url.text("none") == "");
    CHECK_FALSE(url.text("other"));
    CHECK(url.duration("wait") == Duration{250ms});
    CHECK_FALSE(url.duration("other"));
    CHECK(url.integer("n", -5, 5) == -5);
    CHECK_FALSE(url.integer("other", 0, 1));

    CHECK(refusal([&] { url.duration("word"); })
              .starts_with(
                  "parameter \"word\": \"a b+c+d\" is not a duration; write 250ms, 5s, 2min, 1h or 7d, in "));
    CHECK(refusal([&] {
              url.integer("n", 1, 4096);
          }).starts_with("parameter \"n\": \"-5\" is not a whole number in 1..4096, in "));
    for (std::string_view const name : {"big", "hex", "none", "wait"}) {
        CHECK(refusal([&] { url.integer(name, std::numeric_limits<std::int64_t>::min(), 1'000'000); }) !=
              "accepted");
    }
}

TEST_CASE("a parameter named like a secret is not shown when it is wrong", "[F90]") {
    Url const url = parse_url("redis://h?token=hunter2");
    CHECK(refusal([&] { url.integer("token", 0, 1); }).find("hunter2") == std::string::npos);
    CHECK(refusal([&] { url.expect({}); }).find("hunter2") == std::string::npos);
    // Nor one whose name was to be a secret's.
    Url const mistyped = parse_url("redis://h?sentinel_pasword=hunter2&db=3");
    CHECK(refusal([&] { mistyped.expect({"sentinel_password", "db"}); }) ==
          "unknown parameter \"sentinel_pasword\" (did you mean \"sentinel_password\"?), in "
          "\"redis://h?db=3&sentinel_pasword=***\"");
}

TEST_CASE("durations are a whole number and a unit") {
    CHECK(parse_duration("250ms") == Duration{250ms});
    CHECK(parse_duration("5s") == Duration{5s});
    CHECK(parse_duration("2min") == Duration{2min});
    CHECK(parse_duration("1h") == Duration{1h});
    CHECK(parse_duration("7d") == Duration{24h * 7});
    CHECK(parse_duration("0s") == Duration{0});
    CHECK(parse_duration("106751991d") == Duration{24h * 106751991});
    for (std::string_view const bad :
         {"", "5", "s", "-5s", "+5s", " 5s", "5 s", "5S", "1.5s", "5m", "5sec", "106751992d",
          "18446744073709551616s", "9223372036854775807ms", "5s "}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad));
    }
}
