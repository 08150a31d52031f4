// SPDX-License-Identifier: MIT
// The way of a line to its sink, and the default sink: the only file that knows spdlog.
#include <cohort/log.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <atomic>
#include <memory>
#include <mutex>

namespace cohort {
namespace {

std::atomic<LogLevel> threshold{LogLevel::warn};

spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
    switch (level) {
    case LogLevel::debug:
        return spdlog::level::debug;
    case LogLevel::info:
        return spdlog::level::info;
    case LogLevel::warn:
        return spdlog::level::warn;
    case LogLevel::error:
        return spdlog::level::err;
    case LogLevel::off:
        break;
    }
    return spdlog::level::off;
}

// A logger of its own, unregistered: the program's default logger, its level and its format stay the
// program's.
LogSink default_sink() {
    auto logger =
        std::make_shared<spdlog::logger>("cohort", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ cohort: %v");
    return [logger](LogLevel level, std::string_view line) {
        logger->log(to_spdlog(level), spdlog::string_view_t{line.data(), line.size()});
    };
}

struct Sink {
    // Recursive, because a sink may call set_log_sink.
    std::recursive_mutex mutex;
    std::shared_ptr<LogSink const> call;  // null: the default, not made yet
};

Sink& sink() {
    // Never destroyed: threads may log while the program ends.
    static Sink& one = *new Sink;
    return one;
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
    case LogLevel::debug:
        return "debug";
    case LogLevel::info:
        return "info";
    case LogLevel::warn:
        return "warn";
    case LogLevel::error:
        return "error";
    case LogLevel::off:
        return "off";
    }
    return "unknown";
}

void set_log_sink(LogSink call) {
    auto next = call ? std::make_shared<LogSink const>(std::move(call)) : nullptr;
    std::lock_guard const lock{sink().mutex};
    // The old sink is destroyed after the lock is given back, unless it is running right now.
    std::swap(sink().call, next);
}

void set_log_level(LogLevel level) noexcept {
    threshold.store(level, std::memory_order_relaxed);
}

bool is_logged(LogLevel level) noexcept {
    return level != LogLevel::off && level >= threshold.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view line) noexcept {
    if (!is_logged(level)) return;
    // A sink that logs would call itself without end: what it says is dropped.
    thread_local bool inside = false;
    if (inside) return;
    inside = true;
    try {
        std::string const text = one_line(line);
        std::lock_guard const lock{sink().mutex};
        if (!sink().call) sink().call = std::make_shared<LogSink const>(default_sink());
        auto const call = sink().call;
        (*call)(level, text);
    } catch (...) {
        // Nobody is left to be told.
    }
    inside = false;
}

}  // namespace cohort
