// SPDX-License-Identifier: MIT
// Paths, and the sentence that an error makes of one.
#include "job/json_role.hpp"

#include <cohort/log.hpp>

namespace cohort::detail {
namespace {

constexpr std::size_t longest_path = 200;

std::string_view word(JsonRole role) noexcept {
    switch (role) {
    case JsonRole::arguments:
        return "argument";
    case JsonRole::result:
        return "result";
    case JsonRole::value:
        break;
    }
    return "value";
}

}  // namespace

void append_key(std::string& path, std::string_view key) {
    if (!path.empty()) path += '.';
    path += one_line(key, 80);
}

void append_index(std::string& path, std::size_t index) {
    path += '[';
    path += std::to_string(index);
    path += ']';
}

void throw_at(JsonRole role, std::string_view path, errc code, std::string_view what) {
    std::string text{word(role)};
    if (path.empty() && role == JsonRole::arguments) text += 's';
    if (!path.empty()) {
        // "argument page.title", but "result.title", as one would write it.
        if (role == JsonRole::arguments) text += ' ';
        if (role != JsonRole::arguments && path.front() != '[') text += '.';
        text += one_line(path, longest_path);
    }
    text += ": ";
    text += what;
    throw Error{role == JsonRole::result ? errc::result_encoding : code, std::move(text)};
}

}  // namespace cohort::detail
