// SPDX-License-Identifier: MIT
// Three bytes are four characters.
#include "job/base64.hpp"

#include <array>
#include <cstdint>

namespace cohort::detail {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t none = 0xff;

constexpr auto values = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(none);
    for (std::uint8_t i = 0; i < 64; ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = i;
    }
    return table;
}();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) noexcept {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
    out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t const group =
            byte_at(bytes, at) << 16 | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2);
        out += alphabet[group >> 18];
        out += alphabet[group >> 12 & 63];
        out += at + 1 < bytes.size() ? alphabet[group >> 6 & 63] : '=';
        out += at + 2 < bytes.size() ? alphabet[group & 63] : '=';
    }
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t const padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    for (std::size_t at = 0; at < text.size(); at += 4) {
        std::size_t const pad = at + 4 == text.size() ? padding : 0;
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 4; ++i) {
            std::uint8_t const value = i + pad >= 4 ? 0 : values[static_cast<unsigned char>(text[at + i])];
            if (value == none) return std::nullopt;
            group = group << 6 | value;
        }
        std::uint32_t const spare = pad == 2 ? group & 0xffff : pad == 1 ? group & 0xff : 0;
        if (spare != 0) return std::nullopt;
        bytes += static_cast<char>(group >> 16);
        if (pad < 2) bytes += static_cast<char>(group >> 8 & 0xff);
        if (pad < 1) bytes += static_cast<char>(group & 0xff);
    }
    return bytes;
}

}  // namespace cohort::detail
