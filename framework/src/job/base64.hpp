// SPDX-License-Identifier: MIT
// Base64 as in RFC 4648, part 4: the standard alphabet, padded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cohort::detail {

void append_base64(std::string& out, std::string_view bytes);

// Nothing when a character, the padding or a spare bit is not as it must be: one value has one text.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace cohort::detail
