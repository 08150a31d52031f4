// SPDX-License-Identifier: MIT
// Places, levels, filters and the format of the log.
#include "support/process.hpp"

#include <cohort/error.hpp>
#include <cohort/logging.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

namespace logging_test {

using namespace cohort;

namespace {

struct Reset {
    ~Reset() { reset_logging(); }
};

std::vector<std::string> lines_of(std::string const& path) {
    std::vector<std::string> lines;
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);)
        lines.push_back(line);
    return lines;
}

std::set<std::string> files_here() {
    std::set<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator{"."})
        names.insert(entry.path().string());
    return names;
}

}  // namespace

TEST_CASE("a record goes to the file and to each handler, with time, level, program and text on one line",
          "[S40][S06]") {
    Reset const reset;
    support::TempDir const dir;
    std::vector<std::string> handled;
    LogSettings settings;
    settings.program = "shop";
    settings.level = LogLevel::info;
    settings.to_stderr = false;
    settings.file = dir.file("shop.log");
    settings.handlers.emplace_back([&](LogRecord const& record) { handled.push_back(to_line(record)); });
    settings.handlers.emplace_back([&](LogRecord const& record) { handled.emplace_back(record.text); });
    set_logging(std::move(settings));
    log(LogLevel::debug, "below the level");
    log(LogLevel::info, "sold\nout");
    log(LogLevel::warn, "again");
    auto const lines = lines_of(dir.file("shop.log"));
    REQUIRE(lines.size() == 2);
    std::string form = lines[0];
    std::replace_if(form.begin(), form.end(), [](unsigned char c) { return std::isdigit(c) != 0; }, '9');
    CHECK(form == R"(9999-99-99T99:99:99.999Z info shop: sold\x9Aout)");
    CHECK(lines[0].ends_with(R"(sold\x0Aout)"));
    CHECK(lines[1].ends_with("Z warn shop: again"));
    REQUIRE(handled.size() == 4);
    CHECK(handled[0] == lines[0]);
    CHECK(handled[3] == "again");

    // Set anew, it appends to what is there.
    set_logging({.program = "shop", .to_stderr = false, .file = dir.file("shop.log")});
    log(LogLevel::warn, "once more");
    CHECK(lines_of(dir.file("shop.log")).size() == 3);
    reset_logging();
    set_log_level(LogLevel::off);
    log(LogLevel::error, "nowhere");
    CHECK(lines_of(dir.file("shop.log")).size() == 3);
}

TEST_CASE("what a filter does not let pass goes nowhere", "[S40]") {
    Reset const reset;
    std::vector<std::string> handled;
    LogSettings settings;
    settings.level = LogLevel::debug;
    settings.to_stderr = false;
    settings.handlers.emplace_back([&](LogRecord const& record) { handled.emplace_back(record.text); });
    settings.filters.emplace_back(
        [](LogRecord const& record) { return record.text.find("beat") == record.text.npos; });
    settings.filters.emplace_back([](LogRecord const& record) { return record.level != LogLevel::info; });
    set_logging(std::move(settings));
    log(LogLevel::debug, "a beat");
    log(LogLevel::info, "a job");
    log(LogLevel::warn, "trouble");
    CHECK(handled == std::vector<std::string>{"trouble"});
}

TEST_CASE("by default nothing is written to the working directory, and a bad file changes nothing", "[S40]") {
    Reset const reset;
    auto const before = files_here();
    log(LogLevel::error, "to standard error");
    set_logging({.level = LogLevel::debug});
    log(LogLevel::debug, "to standard error too");
    CHECK(files_here() == before);
    errc code = errc::ok;
    try {
        set_logging({.level = LogLevel::off, .file = "/nowhere/at/all.log"});
    } catch (Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::storage_open);
    CHECK(is_logged(LogLevel::debug));
}

}  // namespace logging_test
