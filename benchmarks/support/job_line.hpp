// SPDX-License-Identifier: MIT
// What travels in the raw programs of brokers that have servers: a line of text for a job, and one for its
// result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench::raw {

// A job as it travels: its id, a space, its arguments. A result: the id, a space, the number.
std::string job(std::uint64_t n);
std::string answer(std::string_view job);
// Throws unless this is the result of a job that was asked for. Returns which.
std::uint64_t check_answer(std::string_view answer);

}  // namespace bench::raw
