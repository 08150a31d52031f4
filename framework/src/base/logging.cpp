// SPDX-License-Identifier: MIT
#include <cohort/error.hpp>
#include <cohort/logging.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

namespace cohort {
namespace {

struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

struct Places {
    LogSettings settings;
    std::unique_ptr<std::FILE, Close> file;

    void put(LogLevel level, std::string_view text) const {
        LogRecord const record{system_clock().now(), level, settings.program, text};
        auto const passes = [&](LogFilter const& filter) { return filter(record); };
        if (!std::all_of(settings.filters.begin(), settings.filters.end(), passes)) return;
        std::string const line = to_line(record) + "\n";
        if (settings.to_stderr) std::fwrite(line.data(), 1, line.size(), stderr);
        if (file) {
            std::fwrite(line.data(), 1, line.size(), file.get());
            std::fflush(file.get());
        }
        for (auto const& handler : settings.handlers)
            handler(record);
    }
};

}  // namespace

std::string to_line(LogRecord const& record) {
    std::string line = to_string(record.time);
    line.append(" ").append(to_string(record.level));
    line.append(" ").append(record.program);
    return line.append(": ").append(record.text);
}

void set_logging(LogSettings settings) {
    if (settings.program.empty()) settings.program = program_invocation_short_name;
    auto const places = std::make_shared<Places>();
    places->settings = std::move(settings);
    auto const& path = places->settings.file;
    if (!path.empty()) {
        places->file.reset(std::fopen(path.c_str(), "ae"));
        if (!places->file) throw Error{errc::storage_open, path + ": " + std::strerror(errno)};
    }
    set_log_level(places->settings.level);
    set_log_sink([places](LogLevel level, std::string_view text) { places->put(level, text); });
}

void reset_logging() {
    set_log_sink({});
    set_log_level(LogLevel::warn);
}

}  // namespace cohort
