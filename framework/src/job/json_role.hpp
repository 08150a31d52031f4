// SPDX-License-Identifier: MIT
// How an error about a place in a JSON text is worded, by the role that the text plays.
#pragma once

#include <cohort/json_writer.hpp>

#include <string>
#include <string_view>

namespace cohort::detail {

// "page", "[1]", ".g": a path grows from the left.
void append_key(std::string& path, std::string_view key);
void append_index(std::string& path, std::size_t index);

// Throws Error: "argument page.colors[1].g: what". For a result the code is result_encoding whatever was
// wrong.
[[noreturn]] void throw_at(JsonRole role, std::string_view path, errc code, std::string_view what);

}  // namespace cohort::detail
