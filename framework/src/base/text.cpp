// SPDX-License-Identifier: MIT
// UTF-8 by the table of the Unicode standard (3-7), escaping with a limit, and the optimal string alignment
// distance.
#include "base/text.hpp"

#include <cohort/log.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace cohort {
namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::string_view digits = "0123456789ABCDEF";

enum class Style {
    one_line,   // every control character and bad byte is escaped
    many_lines  // \n and \t stay; bad bytes become U+FFFD
};

void put_byte(std::string& out, unsigned char byte) {
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

void put_code(std::string& out, char32_t code) {
    if (code < 0x80) return put_byte(out, static_cast<unsigned char>(code));
    out += "\\u{";
    for (int shift = 12; shift >= 0; shift -= 4) {
        if ((code >> shift) != 0) out += digits[(code >> shift) & 15];
    }
    out += '}';
}

void put_glyph(std::string& out, std::string_view bytes, Glyph glyph, Style style) {
    bool const lines = style == Style::many_lines;
    if (!glyph.valid && lines) {
        out += "\xEF\xBF\xBD";
    } else if (!glyph.valid) {
        put_byte(out, static_cast<unsigned char>(bytes.front()));
    } else if (is_control(glyph.code) && !(lines && (glyph.code == '\n' || glyph.code == '\t'))) {
        put_code(out, glyph.code);
    } else {
        out += bytes;
    }
}

std::string escape(std::string_view text, std::size_t limit, Style style) {
    std::string out;
    out.reserve(std::min(text.size(), limit));
    // The longest beginning of the output that leaves room for the ellipsis, in case that the rest does not
    // fit.
    std::size_t fits = 0;
    for (std::size_t at = 0; at < text.size();) {
        Glyph const glyph = glyph_at(text, at);
        put_glyph(out, text.substr(at, glyph.length), glyph, style);
        at += glyph.length;
        if (out.size() + ellipsis.size() <= limit) fits = out.size();
        if (out.size() > limit) {
            out.resize(fits);
            if (ellipsis.size() <= limit) out += ellipsis;
            break;
        }
    }
    return out;
}

// Edits, where swapping two neighbours is one: the commonest slip of all.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t const changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
            bool const swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

}  // namespace

Glyph glyph_at(std::string_view text, std::size_t at) noexcept {
    auto const byte = [&](std::size_t i) -> std::uint32_t {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    std::uint32_t const lead = byte(at);
    if (lead < 0x80) return {lead, 1, true};
    if (lead < 0xc2 || lead > 0xf4) return {};

    std::size_t const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t code = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        std::uint32_t const next = byte(at + i);
        if ((next & 0xc0U) != 0x80U) return {};
        code = code << 6U | (next & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    bool const surrogate = code >= 0xd800 && code < 0xe000;
    if (code < least[length] || surrogate || code > 0x10ffff) return {};
    return {code, length, true};
}

std::optional<std::size_t> find_bad_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        Glyph const glyph = glyph_at(text, at);
        if (!glyph.valid) return at;
        at += glyph.length;
    }
    return std::nullopt;
}

std::string one_line(std::string_view text, std::size_t limit) {
    return escape(text, limit, Style::one_line);
}

std::string clean_text(std::string_view text, std::size_t limit) {
    return escape(text, limit, Style::many_lines);
}

std::string quote(std::string_view text, std::size_t limit) {
    std::string out = one_line(text, limit);
    out.insert(out.begin(), '"');
    out += '"';
    return out;
}

std::optional<std::string_view> nearest(std::string_view text,
                                        std::initializer_list<std::string_view> words) {
    constexpr std::size_t longest = 64;  // beyond it nobody can be helped, and the table would be large
    if (text.size() > longest) return std::nullopt;

    std::optional<std::string_view> found;
    std::size_t best = std::min<std::size_t>(3, (text.size() + 2) / 2);  // edits must be fewer
    for (std::string_view word : words) {
        std::size_t const edits = distance(text, word);
        if (edits < best) {
            best = edits;
            found = word;
        }
    }
    return found;
}

}  // namespace cohort
