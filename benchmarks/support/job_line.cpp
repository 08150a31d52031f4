// SPDX-License-Identifier: MIT
#include "support/job_line.hpp"

#include "jobs.hpp"

#include <charconv>
#include <cstdio>

namespace bench::raw {

namespace {

int number_of(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

std::string job(std::uint64_t n) {
    auto const [text, a, b] = arguments(n);
    char line[200];
    int const size = std::snprintf(line, sizeof line, "%026llu [\"%s\",%d,%d]",
                                   static_cast<unsigned long long>(n), text.c_str(), a, b);
    return {line, static_cast<std::size_t>(size)};
}

std::string answer(std::string_view job) {
    // 0…0123 ["xxx…",123456,654321]: the job itself.
    auto const space = job.find(' ');
    auto const quote = job.rfind('"');
    auto const comma = job.rfind(',');
    auto const length = static_cast<int>(quote - space - 3);
    int const sum = length + number_of(job.substr(quote + 2)) + number_of(job.substr(comma + 1));
    return std::string{job.substr(0, space + 1)} + std::to_string(sum);
}

std::uint64_t check_answer(std::string_view answer) {
    auto const space = answer.find(' ');
    std::uint64_t n = 0;
    std::from_chars(answer.data(), answer.data() + space, n);
    check(n, number_of(answer.substr(space + 1)));
    return n;
}

}  // namespace bench::raw
