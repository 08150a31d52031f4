// SPDX-License-Identifier: MIT
// What is measured, and what came out: the two values that travel between the programs of one measurement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

// One thing to measure, once.
struct Case {
    std::string broker;             // "sqlite", "memory"
    std::string durability;         // "normal", "full"; "" where a broker knows no such thing
    std::string question;           // "enqueue", "drain", …
    std::string body;               // "coroutine", "plain", "quick"; "" where no body runs
    std::string folder;             // fresh and empty; the store is in it
    double seconds = 5;             // of measuring, at least
    std::uint64_t jobs = 100'000;   // that wait to be drained
    std::uint32_t concurrency = 1;  // calls in flight, and slots of the worker
    std::uint32_t batch = 1;        // jobs in one bulk call; in raw programs: rows in one transaction

    // As words of a command line, and back.
    std::vector<std::string> words() const;
    static Case from(std::vector<std::string> const& words);
};

// What one process used while it was measured.
struct Usage {
    double cpu_us = 0;              // user and system, all threads
    std::uint64_t allocations = 0;  // of memory
    double rss_mib = 0;             // at the end

    Usage& operator+=(Usage const& other);
};

// One measurement of one case.
struct Sample {
    double seconds = 0;
    std::uint64_t jobs = 0;
    std::optional<Usage> client;
    std::optional<Usage> worker;
    std::optional<double> server_us;  // CPU of the broker's server, in all
    std::optional<double> p50_us;     // of one call
    std::optional<double> p99_us;
    double others = 0;  // cores that other programs used meanwhile

    double per_second() const { return seconds > 0 ? static_cast<double>(jobs) / seconds : 0; }

    // As one line of text, and back.
    std::string line() const;
    static Sample from_line(std::string const& line);
};

std::string line_of(Usage const& usage);
Usage usage_from_line(std::string const& line);

}  // namespace bench
