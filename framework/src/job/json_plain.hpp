// SPDX-License-Identifier: MIT
// What most texts are, read without the parser: setting that up takes longer than reading them.
#pragma once

#include <cohort/detail/codec_read.hpp>

#include <boost/json/array.hpp>

#include <cstddef>
#include <string_view>

namespace cohort::detail {

constexpr bool needs_escape(unsigned char c) noexcept {
    return c < 0x20 || c == '"' || c == '\\';
}

// How many of the first bytes are ASCII that stands for itself in a string.
std::size_t plain_prefix(std::string_view text) noexcept;

// A short array of such strings and of short integers, without a space in between. False where anything else
// is there; what is in the array then is worth nothing.
bool read_plain_array(std::string_view text, boost::json::array& array);

}  // namespace cohort::detail
