// SPDX-License-Identifier: MIT
// Texts from outside made fit to be stored, logged and shown: UTF-8, escaping, quoting, and the nearest word.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace cohort {

// One character of a text.
struct Glyph {
    char32_t code = 0;       // meaningless when not valid
    std::size_t length = 1;  // bytes; 1 when not valid
    bool valid = false;      // well-formed UTF-8: shortest form, no surrogates, at most U+10FFFF
};

// The character at `at`, which must be inside of the text.
Glyph glyph_at(std::string_view text, std::size_t at) noexcept;

// The position of the first byte that is not UTF-8; nothing when all is well.
std::optional<std::size_t> find_bad_utf8(std::string_view text) noexcept;

// C0, DEL, C1, U+2028 and U+2029: what a terminal or a log reader would act upon.
constexpr bool is_control(char32_t code) noexcept {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

// Several lines, fit to be stored: bad bytes become U+FFFD, control characters other than \n and \t are
// escaped. At most `limit` bytes; what is cut ends with "…", never inside of a character.
std::string clean_text(std::string_view text, std::size_t limit);

// For messages: one line in double quotes, at most `limit` bytes between them.
std::string quote(std::string_view text, std::size_t limit = 80);

// The word that was probably meant, when one is near enough.
std::optional<std::string_view> nearest(std::string_view text, std::initializer_list<std::string_view> words);

}  // namespace cohort
