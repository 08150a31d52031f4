// SPDX-License-Identifier: MIT
#include "job/json_plain.hpp"

#include <cstdint>
#include <cstring>
#include <optional>

namespace cohort::detail {

// Eight bytes at a time.
std::size_t plain_prefix(std::string_view text) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    constexpr std::uint64_t high = 0x8080808080808080;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + at, 8);
        std::uint64_t const quotes = word ^ (ones * '"');
        std::uint64_t const slashes = word ^ (ones * '\\');
        std::uint64_t const special = ((word - ones * 0x20) & ~word) | ((quotes - ones) & ~quotes) |
                                      ((slashes - ones) & ~slashes) | word;
        if ((special & high) != 0) break;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80 &&
           !needs_escape(static_cast<unsigned char>(text[at]))) {
        ++at;
    }
    return at;
}

std::optional<std::int64_t> short_integer(std::string_view text) noexcept {
    constexpr std::size_t longest = 18;  // fits, whatever the digits are
    bool const is_negative = text.starts_with('-');
    std::string_view const digits = text.substr(is_negative ? 1 : 0);
    if (digits.empty() || digits.size() > longest || (digits.front() == '0' && text.size() > 1))
        return std::nullopt;
    std::int64_t value = 0;
    for (char const digit : digits) {
        if (digit < '0' || digit > '9') return std::nullopt;
        value = value * 10 + (digit - '0');
    }
    return is_negative ? -value : value;
}

bool read_plain_array(std::string_view text, boost::json::array& array) {
    constexpr std::size_t most = 16;
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') return false;
    text = text.substr(1, text.size() - 2);
    if (text.empty()) return true;
    array.reserve(4);
    while (array.size() < most) {
        if (text.starts_with('"')) {
            text.remove_prefix(1);
            std::size_t const length = plain_prefix(text);
            if (length == text.size() || text[length] != '"') return false;
            array.emplace_back(boost::json::string_view{text.data(), length});
            text.remove_prefix(length + 1);
        } else {
            std::size_t length = 0;
            while (length < text.size() && text[length] != ',')
                ++length;
            auto const integer = short_integer(text.substr(0, length));
            if (!integer) return false;
            array.emplace_back(*integer);
            text.remove_prefix(length);
        }
        if (text.empty()) return true;
        if (text.front() != ',') return false;
        text.remove_prefix(1);
    }
    return false;
}

}  // namespace cohort::detail
