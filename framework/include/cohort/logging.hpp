// SPDX-License-Identifier: MIT
// Where the log goes and what is in it, set in one call. Optional: without it there is what log.hpp says.
//
//   cohort::set_logging({.program = "shop", .level = cohort::LogLevel::info, .file = "shop.log"});
#pragma once

#include <cohort/log.hpp>
#include <cohort/time.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cohort {

// One event. Valid during the call that it is given to.
struct LogRecord {
    Instant time{};
    LogLevel level = LogLevel::info;
    std::string_view program;
    std::string_view text;  // one line, no control characters, no secrets
};

// "2026-01-31T08:30:00.125Z warn shop: worker w1: …": the format of the file and of standard error. Time in
// UTC, level, program and text, with one space between them.
std::string to_line(LogRecord const& record);

// Called from any thread, one at a time; what they log themselves is dropped.
using LogHandler = std::function<void(LogRecord const& record)>;
using LogFilter = std::function<bool(LogRecord const& record)>;  // false: the record goes nowhere

struct LogSettings {
    std::string program = {};         // in each record; default: the program's name
    LogLevel level = LogLevel::warn;  // and above; LogLevel::off = nothing
    bool to_stderr = true;
    std::string file = {};               // appended to, made when absent; "" = none
    std::vector<LogHandler> handlers{};  // more places for a record to go to
    std::vector<LogFilter> filters{};    // all have to let it pass
};

// Replaces the sink and the level. Throws Error(storage_open) where the file cannot be opened, and then
// changes nothing.
void set_logging(LogSettings settings);
// Back to what is without set_logging(): warnings and errors on standard error. A file is closed.
void reset_logging();

}  // namespace cohort
