// SPDX-License-Identifier: MIT
#include "summary.hpp"

#include <cohort/codec.hpp>

#include <algorithm>
#include <cstdio>

namespace files {

namespace {

struct Totals {
    std::uint64_t files = 0, bytes = 0, lines = 0, words = 0;

    void add(Report const& report) noexcept {
        ++files;
        bytes += report.bytes;
        lines += report.lines;
        words += report.words;
    }
};

// Paths may hold anything: what would spoil the terminal is shown as \xNN.
std::string printable(std::string const& path) {
    std::string text;
    for (unsigned char const byte : path) {
        if (byte >= 0x20 && byte < 0x7f) {
            text += static_cast<char>(byte);
            continue;
        }
        char escaped[5];
        std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
        text += escaped;
    }
    return text;
}

void print_row(std::string const& what, Totals const& totals) {
    std::printf("  %-12s %9llu %14llu %11llu %12llu\n", what.c_str(),
                static_cast<unsigned long long>(totals.files), static_cast<unsigned long long>(totals.bytes),
                static_cast<unsigned long long>(totals.lines), static_cast<unsigned long long>(totals.words));
}

void print_types(std::vector<Entry> const& files) {
    std::map<std::string, Totals> types;
    Totals all;
    for (auto const& file : files) {
        types[file.report.type].add(file.report);
        all.add(file.report);
    }
    std::printf("\n  %-12s %9s %14s %11s %12s\n", "type", "files", "bytes", "lines", "words");
    for (auto const& [type, totals] : types)
        print_row(type, totals);
    print_row("total", all);
}

void print_largest(std::vector<Entry> files) {
    auto const shown = std::min<std::size_t>(files.size(), 5);
    auto const larger = [](Entry const& a, Entry const& b) { return a.report.bytes > b.report.bytes; };
    std::partial_sort(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(shown), files.end(), larger);
    std::printf("\n  the largest\n");
    for (std::size_t i = 0; i < shown; ++i) {
        std::printf("  %14llu  %s\n", static_cast<unsigned long long>(files[i].report.bytes),
                    printable(files[i].path).c_str());
    }
}

void print_duplicates(std::vector<Entry> const& files) {
    std::map<std::string, std::vector<Entry const*>> groups;
    for (auto const& file : files) {
        if (file.report.bytes > 0) groups[file.report.sha256].push_back(&file);
    }
    std::vector<std::vector<Entry const*>> same;
    std::uint64_t wasted = 0;
    for (auto& [sum, members] : groups) {
        if (members.size() < 2) continue;
        wasted += (members.size() - 1) * members.front()->report.bytes;
        same.push_back(std::move(members));
    }
    auto const wastes_more = [](auto const& a, auto const& b) {
        return (a.size() - 1) * a.front()->report.bytes > (b.size() - 1) * b.front()->report.bytes;
    };
    std::sort(same.begin(), same.end(), wastes_more);
    std::printf("\n  %zu groups of equal files, %llu bytes could be saved\n", same.size(),
                static_cast<unsigned long long>(wasted));
    for (std::size_t i = 0; i < std::min<std::size_t>(same.size(), 5); ++i) {
        std::printf("  %5zu times %10llu  %s\n", same[i].size(),
                    static_cast<unsigned long long>(same[i].front()->report.bytes),
                    printable(same[i].front()->path).c_str());
    }
}

}  // namespace

void Summary::print() const {
    print_types(files);
    print_largest(files);
    print_duplicates(files);
    for (auto const& failure : failures)
        std::printf("\n  %s: %s", printable(failure.path).c_str(), failure.error.c_str());
    std::printf("\n  %zu files in %.1f s, %zu failed\n", files.size(), seconds, failures.size());
}

void Summary::print_json() const {
    Totals all;
    for (auto const& file : files)
        all.add(file.report);
    std::printf("{\"files\":%zu,\"failed\":%zu,\"bytes\":%llu,\"lines\":%llu,\"words\":%llu,\"seconds\":%.3f,"
                "\"each\":[",
                files.size(), failures.size(), static_cast<unsigned long long>(all.bytes),
                static_cast<unsigned long long>(all.lines), static_cast<unsigned long long>(all.words),
                seconds);
    char const* comma = "";
    for (auto const& file : files) {
        auto const& report = file.report;
        std::string hex;
        for (unsigned char const byte : file.path) {
            char digits[3];
            std::snprintf(digits, sizeof digits, "%02x", byte);
            hex += digits;
        }
        // The path is hexadecimal: JSON text is UTF-8, and paths need not be.
        std::printf("%s\n{\"path_hex\":\"%s\",\"type\":\"%s\",\"bytes\":%llu,\"lines\":%llu,\"words\":%llu,"
                    "\"sha256\":\"%s\"}",
                    comma, hex.c_str(), report.type.c_str(), static_cast<unsigned long long>(report.bytes),
                    static_cast<unsigned long long>(report.lines),
                    static_cast<unsigned long long>(report.words), report.sha256.c_str());
        comma = ",";
    }
    std::printf("]}\n");
}

}  // namespace files
