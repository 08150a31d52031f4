// SPDX-License-Identifier: MIT
#include "sqlite/notice.hpp"

#include <array>
#include <charconv>
#include <system_error>

namespace cohort::sqlite {
namespace {

constexpr std::size_t longest_result = 1000;

void write_ref(std::string& lines, JobRef const& ref) {
    lines.append(ref.queue).append(1, '/').append(ref.id);
}

}  // namespace

void write_notice(std::string& lines, JobRef const& ref) {
    write_ref(lines, ref);
    lines += '\n';
}

void write_success(std::string& lines, JobRef const& ref, std::uint32_t attempt, std::string_view result) {
    if (result.size() > longest_result || result.find('\n') != result.npos) return write_notice(lines, ref);
    write_ref(lines, ref);
    std::array<char, 16> digits{};
    std::to_chars_result const end = std::to_chars(digits.data(), digits.data() + digits.size(), attempt);
    lines.append(1, ' ')
        .append(digits.data(), static_cast<std::size_t>(end.ptr - digits.data()))
        .append(1, ' ')
        .append(result)
        .append(1, '\n');
}

std::optional<EndedJob> parse_notice(std::string_view line) {
    // Neither names of queues nor ids contain a space.
    auto const space = line.find(' ');
    auto ref = parse_ref(line.substr(0, space));
    if (!ref) return std::nullopt;
    EndedJob job;
    job.ref = std::move(*ref);
    if (space == line.npos) return job;
    line.remove_prefix(space + 1);
    Ending ending;
    ending.state = JobState::succeeded;
    auto const [rest, fault] = std::from_chars(line.data(), line.data() + line.size(), ending.attempt);
    auto const used = static_cast<std::size_t>(rest - line.data());
    // A torn line, or one of a later version: how it ended can still be read.
    if (fault != std::errc{} || used >= line.size() || *rest != ' ') return job;
    ending.result = line.substr(used + 1);
    job.ending = std::move(ending);
    return job;
}

}  // namespace cohort::sqlite
