// SPDX-License-Identifier: MIT
// What is left with a client's bell: a line for each job that has ended. A small result is in it, so that
// nobody has to look for it.
#pragma once

#include <cohort/broker.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cohort::sqlite {

// Appends "queue/id". How it ended is to be read.
void write_notice(std::string& lines, JobRef const& ref);
// Appends "queue/id attempt result", unless the result is too long for it.
void write_success(std::string& lines, JobRef const& ref, std::uint32_t attempt, std::string_view result);

// One line without its end; nothing when it is none of ours.
std::optional<EndedJob> parse_notice(std::string_view line);

}  // namespace cohort::sqlite
