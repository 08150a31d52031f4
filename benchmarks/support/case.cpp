// SPDX-License-Identifier: MIT
#include "support/case.hpp"

#include "support/words.hpp"

#include <algorithm>

namespace bench {

namespace {

void write(std::string& line, std::string const& name, double value) {
    line += " " + name + "=" + text_of(value);
}

void write(std::string& line, std::string const& name, Usage const& usage) {
    write(line, name + ".cpu_us", usage.cpu_us);
    write(line, name + ".allocations", static_cast<double>(usage.allocations));
    write(line, name + ".rss_mib", usage.rss_mib);
}

std::optional<Usage> read_usage(Words const& words, std::string const& name) {
    if (!words.contains(name + ".cpu_us")) return std::nullopt;
    auto const allocations = static_cast<std::uint64_t>(number(words, name + ".allocations"));
    return Usage{number(words, name + ".cpu_us"), allocations, number(words, name + ".rss_mib")};
}

}  // namespace

std::vector<std::string> Case::words() const {
    return {"broker=" + broker,
            "durability=" + durability,
            "question=" + question,
            "body=" + body,
            "folder=" + folder,
            "seconds=" + text_of(seconds),
            "jobs=" + std::to_string(jobs),
            "concurrency=" + std::to_string(concurrency),
            "batch=" + std::to_string(batch)};
}

Case Case::from(std::vector<std::string> const& words) {
    auto const parsed = parse_words(words);
    Case made;
    made.broker = word(parsed, "broker");
    made.durability = word(parsed, "durability");
    made.question = word(parsed, "question");
    made.body = word(parsed, "body");
    made.folder = word(parsed, "folder");
    made.seconds = number(parsed, "seconds");
    made.jobs = static_cast<std::uint64_t>(number(parsed, "jobs"));
    made.concurrency = static_cast<std::uint32_t>(number(parsed, "concurrency"));
    made.batch = static_cast<std::uint32_t>(number(parsed, "batch"));
    return made;
}

Usage& Usage::operator+=(Usage const& other) {
    cpu_us += other.cpu_us;
    allocations += other.allocations;
    rss_mib = std::max(rss_mib, other.rss_mib);
    return *this;
}

std::string Sample::line() const {
    std::string line = "sample";
    write(line, "seconds", seconds);
    write(line, "jobs", static_cast<double>(jobs));
    if (client) write(line, "client", *client);
    if (worker) write(line, "worker", *worker);
    if (server_us) write(line, "server_us", *server_us);
    if (p50_us) write(line, "p50_us", *p50_us);
    if (p99_us) write(line, "p99_us", *p99_us);
    return line;
}

Sample Sample::from_line(std::string const& line) {
    auto const words = parse_words(split(line, ' '));
    Sample sample;
    sample.seconds = number(words, "seconds");
    sample.jobs = static_cast<std::uint64_t>(number(words, "jobs"));
    sample.client = read_usage(words, "client");
    sample.worker = read_usage(words, "worker");
    sample.server_us = number_if_any(words, "server_us");
    sample.p50_us = number_if_any(words, "p50_us");
    sample.p99_us = number_if_any(words, "p99_us");
    return sample;
}

std::string line_of(Usage const& usage) {
    std::string line = "usage";
    write(line, "used", usage);
    return line;
}

Usage usage_from_line(std::string const& line) {
    auto const usage = read_usage(parse_words(split(line, ' ')), "used");
    return usage.value_or(Usage{});
}

}  // namespace bench
