// SPDX-License-Identifier: MIT
// What Cohort has to say, one event a line. Silent when all is well: the default level is warn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cohort {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };

std::string_view to_string(LogLevel level) noexcept;

// Called from any thread, one call at a time; what it logs itself is dropped. The line holds no control
// characters (they are escaped) and no secrets.
using LogSink = std::function<void(LogLevel level, std::string_view line)>;

// Replaces the sink; an empty one restores the default, which is spdlog on standard error. When this returns,
// the old one is not running on another thread and is not called any more.
void set_log_sink(LogSink sink);
void set_log_level(LogLevel level) noexcept;
bool is_logged(LogLevel level) noexcept;

// Never throws.
void log(LogLevel level, std::string_view line) noexcept;

// Escapes C0, DEL, C1, U+2028, U+2029 and invalid UTF-8 as \xNN or \u{N}: one event, one line. At most
// `limit` bytes; what is cut ends with "…".
std::string one_line(std::string_view text, std::size_t limit = 2048);

}  // namespace cohort
