// SPDX-License-Identifier: MIT
// No password is shown, however broken the address around it.
#include "base/mask.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace cohort;

TEST_CASE("a masked address shows all but the password", "[B35][B36][B37][F90]") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"redis://user:hunter2@h:6379/0?x=y", "redis://user:***@h:6379/0?x=y"},
        {"redis://:hunter2@h", "redis://:***@h"},
        {"redis://user@h:6379", "redis://user@h:6379"},
        {"redis://u:hun@ter2@h", "redis://u:***@h"},
        {"redis://u:hun/ter2@h/0", "redis://u:***@h/0"},
        {"redis://u:hun?ter2@h", "redis://u:***@h"},
        {"redis://u:hun#ter2@h", "redis://u:***@h"},
        {"redis://u:hunter2@h1,u:hunter2@h2", "redis://u:***@h2"},
        {"redis://h:6379,i:hunter2,j:1", "redis://h:6379,i:***"},
        {"redis://user:hunter2", "redis://user:***"},
        {"redis://user:12345678", "redis://user:***"},
        {"redis://h:99999", "redis://h:99999"},
        {"redis://h:6379/0?tiemout=5", "redis://h:6379/0?tiemout=5"},
        {"redis://[::1]:6379/0", "redis://[::1]:6379/0"},
        {"redis://[::1", "redis://[::1"},
        {"redis://[::1]:hunter2", "redis://[::1]:***"},
        {"redis:user:hunter2@h", "redis:***@h"},
        {"redis:/user:hunter2@h", "redis:***@h"},
        {"user:hunter2@h", "user:***@h"},
        {"redis://h/0?password=hunter2&x=y", "redis://h/0?password=***&x=y"},
        {"redis://h/0?x=y&Auth_Token=hunter2", "redis://h/0?x=y&Auth_Token=***"},
        {"sqlite:jobs.db?durability=normal", "sqlite:jobs.db?durability=normal"},
        {"sqlite:/data/x.db", "sqlite:/data/x.db"},
        {"localhost", "localhost"},
        {"", ""},
        {":", ":"},
        {"redis://", "redis://"},
    };
    for (auto const& [text, masked] : cases) {
        CHECK(mask_text(text) == masked);
    }
}

TEST_CASE("addresses in the middle of a text are masked, and the rest stays as it is", "[B42][F90]") {
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"", ""},
        {"no address: a@b, c:d", "no address: a@b, c:d"},
        {"cannot reach redis://u:hunter2@h:1/0; try again", "cannot reach redis://u:***@h:1/0; try again"},
        {"\"amqp://:hunter2@h\" and 'redis://u:hunter2@h2'", "\"amqp://:***@h\" and 'redis://u:***@h2'"},
        {"see https://example.org/a?token=hunter2\nor ask", "see https://example.org/a?token=***\nor ask"},
        {"see https://example.org:443/a?x=1", "see https://example.org:443/a?x=1"},
        {"://", "://"},
        {"a://b://c:hunter2@d", "a://b:***@d"},
    };
    for (auto const& [text, masked] : cases) {
        CHECK(mask_addresses(text) == masked);
    }
}

TEST_CASE("parameters named like secrets are known", "[F90]") {
    for (std::string_view const name :
         {"password", "PASS", "sentinel_password", "secret", "token", "auth", "pwd"}) {
        CHECK(is_secret_name(name));
    }
    for (std::string_view const name : {"", "timeout", "namespace", "durability", "master", "to"}) {
        CHECK_FALSE(is_secret_name(name));
    }
}

TEST_CASE("a port is up to five digits") {
    CHECK(looks_like_port("6379"));
    CHECK(looks_like_port("99999"));
    CHECK_FALSE(looks_like_port(""));
    CHECK_FALSE(looks_like_port("123456"));
    CHECK_FALSE(looks_like_port("12a"));
}
