// SPDX-License-Identifier: MIT
// One event, one line, one call at a time.
#include <cohort/log.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace cohort;

namespace {

// Collects what is logged while it lives, and puts the defaults back.
struct Lines {
    explicit Lines(LogLevel level) {
        set_log_level(level);
        set_log_sink([this](LogLevel at, std::string_view line) { all.emplace_back(at, line); });
    }
    Lines(Lines const&) = delete;
    Lines& operator=(Lines const&) = delete;
    ~Lines() {
        set_log_sink({});
        set_log_level(LogLevel::warn);
    }

    std::vector<std::pair<LogLevel, std::string>> all;
};

}  // namespace

TEST_CASE("what is below the level is not logged") {
    Lines lines{LogLevel::warn};
    log(LogLevel::debug, "debug");
    log(LogLevel::info, "info");
    log(LogLevel::warn, "warn");
    log(LogLevel::error, "error");
    log(LogLevel::off, "off");

    REQUIRE(lines.all.size() == 2);
    CHECK(lines.all[0] == std::pair{LogLevel::warn, std::string{"warn"}});
    CHECK(lines.all[1].first == LogLevel::error);
    CHECK_FALSE(is_logged(LogLevel::info));
    CHECK(is_logged(LogLevel::warn));

    set_log_level(LogLevel::off);
    CHECK_FALSE(is_logged(LogLevel::error));
    CHECK_FALSE(is_logged(LogLevel::off));
    log(LogLevel::error, "nothing");
    CHECK(lines.all.size() == 2);
}

TEST_CASE("an event is one line, whatever it holds", "[F91]") {
    Lines lines{LogLevel::info};
    log(LogLevel::info,
        "job \"a\nERROR forged\r\x1b[2J\" \xc2\x85 \xe2\x80\xa8\xe2\x80\xa9 \x7f \xff größe 😀");

    REQUIRE(lines.all.size() == 1);
    CHECK(lines.all[0].second ==
          "job \"a\\x0AERROR forged\\x0D\\x1B[2J\" \\u{85} \\u{2028}\\u{2029} \\x7F \\xFF größe 😀");
}

TEST_CASE("format characters in an event mean nothing") {
    Lines lines{LogLevel::info};
    log(LogLevel::info, "{} {0} %s %n");
    CHECK(lines.all.at(0).second == "{} {0} %s %n");
}

TEST_CASE("a long line is cut") {
    std::string const cut = one_line(std::string(1 << 20, 'x'));
    CHECK(cut.size() == 2048);
    CHECK(cut.ends_with("x…"));
    CHECK(one_line("abc\ndef", 7) == "abc…");
}

TEST_CASE("a sink that throws or logs harms nobody") {
    std::atomic<int> calls = 0;
    set_log_sink([&](LogLevel, std::string_view) {
        ++calls;
        log(LogLevel::error, "from inside");
        throw std::runtime_error{"disk full"};
    });
    log(LogLevel::error, "one");
    log(LogLevel::error, "two");
    CHECK(calls == 2);
    set_log_sink({});
}

TEST_CASE("a sink may replace itself") {
    int first = 0;
    int second = 0;
    set_log_sink([&](LogLevel, std::string_view) {
        set_log_sink([&](LogLevel, std::string_view) { ++second; });
        ++first;
    });
    log(LogLevel::error, "one");
    log(LogLevel::error, "two");
    set_log_sink({});
    CHECK(first == 1);
    CHECK(second == 1);
}

TEST_CASE("threads reach the sink one at a time") {
    int plain = 0;  // a data race, if the calls were not serialised
    set_log_sink([&](LogLevel, std::string_view) { ++plain; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] {
            for (int j = 0; j < 1000; ++j) {
                log(LogLevel::error, "x");
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    set_log_sink({});
    CHECK(plain == 4000);
}

TEST_CASE("levels have names") {
    CHECK(to_string(LogLevel::debug) == "debug");
    CHECK(to_string(LogLevel::off) == "off");
}
