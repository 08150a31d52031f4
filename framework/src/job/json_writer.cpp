// SPDX-License-Identifier: MIT
// JSON text from values. Where an error is, is read from the text that has been written so far: free when all
// is well.
#include "base/text.hpp"
#include "job/base64.hpp"
#include "job/iso_time.hpp"
#include "job/json_role.hpp"
#include "job/json_root.hpp"

#include <cohort/json_view.hpp>
#include <cohort/json_writer.hpp>

#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

namespace cohort {
namespace {

// The end of the string that begins with the quote at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (++at; text[at] != '"'; ++at) {
        if (text[at] == '\\') ++at;
    }
    return at;
}

// The path to the value that would be written next. `text` is what the writer wrote, so it is sound up to its
// end.
std::string path_of(std::string_view text) {
    struct Level {
        bool array;
        std::size_t index;
        std::string_view key;
    };
    std::vector<Level> levels;
    for (std::size_t at = 0; at < text.size(); ++at) {
        switch (text[at]) {
        case '[':
        case '{':
            levels.push_back({text[at] == '[', 0, {}});
            break;
        case ']':
        case '}':
            levels.pop_back();
            break;
        case ',':
            ++levels.back().index;
            levels.back().key = {};
            break;
        case '"': {
            std::size_t const end = end_of_string(text, at);
            bool const is_key = end + 1 < text.size() && text[end + 1] == ':';
            if (is_key) levels.back().key = text.substr(at + 1, end - at - 1);
            at = end;
            break;
        }
        default:
            break;
        }
    }
    std::string path;
    for (Level const& level : levels) {
        if (level.array) detail::append_index(path, level.index);
        if (!level.array && !level.key.empty()) detail::append_key(path, level.key);
    }
    return path;
}

template<class Integer>
void append_integer(std::string& out, Integer value) {
    char digits[24];
    auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, static_cast<std::size_t>(end - digits));
}

template<class Float>
void append_number(std::string& out, Float value) {
    char digits[64];
    auto const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    std::string_view const text{digits, static_cast<std::size_t>(end - digits)};
    out += text;
    // What was a floating-point number stays one: "3.0".
    if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

constexpr bool needs_escape(unsigned char c) noexcept {
    return c < 0x20 || c == '"' || c == '\\';
}

// Eight bytes at a time: how many of the first bytes are ASCII that stands for itself.
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

void append_escape(std::string& out, char c) {
    constexpr char digits[] = "0123456789abcdef";
    switch (c) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\t':
        out += "\\t";
        return;
    case '\r':
        out += "\\r";
        return;
    default:
        out += "\\u00";
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
}

// The text is UTF-8; its first `plain` bytes stand for themselves.
void append_string(std::string& out, std::string_view text, std::size_t plain) {
    constexpr std::size_t about_a_call = 32;  // of quotes, brackets and small arguments
    out.reserve(out.size() + text.size() + about_a_call);
    out += '"';
    for (; !text.empty(); plain = plain_prefix(text)) {
        while (plain < text.size() && !needs_escape(static_cast<unsigned char>(text[plain])))
            ++plain;
        out.append(text.data(), plain);
        if (plain < text.size()) append_escape(out, text[plain++]);
        text.remove_prefix(plain);
    }
    out += '"';
}

}  // namespace

void JsonWriter::next() {
    // A comma belongs before everything but the first in its bracket and the value after its key.
    if (out_.size() > start_) {
        char const last = out_.back();
        if (last != '[' && last != '{' && last != ':') out_ += ',';
    }
    if (++elements_ > max_payload_elements) {
        throw_here(errc::too_many_elements, "more than " + std::to_string(max_payload_elements) + " values");
    }
}

void JsonWriter::throw_here(errc code, std::string_view what) const {
    detail::throw_at(role_, path_of(std::string_view{out_}.substr(start_)), code, what);
}

void JsonWriter::fail(errc code, std::string_view what) {
    next();
    throw_here(code, what);
}

void JsonWriter::null() {
    next();
    out_ += "null";
}

void JsonWriter::boolean(bool value) {
    next();
    out_ += value ? "true" : "false";
}

void JsonWriter::integer(std::int64_t value) {
    next();
    append_integer(out_, value);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
    next();
    append_integer(out_, value);
}

void JsonWriter::number(double value) {
    next();
    if (!std::isfinite(value)) {
        throw_here(errc::not_representable, std::isnan(value)
                                                ? "NaN is no JSON number; send an optional<double>"
                                                : "infinity is no JSON number; send an optional<double>");
    }
    append_number(out_, value);
}

void JsonWriter::number(float value) {
    if (!std::isfinite(value)) return number(static_cast<double>(value));
    next();
    append_number(out_, value);
}

void JsonWriter::string(std::string_view utf8) {
    next();
    std::size_t const plain = plain_prefix(utf8);
    if (plain < utf8.size()) {
        if (auto const bad = find_bad_utf8(utf8)) {
            throw_here(errc::invalid_utf8, "invalid UTF-8 at byte " + std::to_string(*bad) +
                                               "; send cohort::Bytes for binary data");
        }
    }
    append_string(out_, utf8, plain);
}

void JsonWriter::base64(std::string_view bytes) {
    next();
    out_ += '"';
    detail::append_base64(out_, bytes);
    out_ += '"';
}

void JsonWriter::time(std::int64_t seconds, std::uint32_t nanoseconds) {
    next();
    if (seconds < -detail::last_iso_second || seconds > detail::last_iso_second) {
        throw_here(errc::not_representable, "a point in time beyond the year 290,000,000");
    }
    out_ += '"';
    detail::append_iso_time(out_, seconds, nanoseconds);
    out_ += '"';
}

void JsonWriter::json(std::string_view text) {
    JsonDocument document;
    JsonView view;
    try {
        view = document.parse(text);
    } catch (Error const& error) {
        fail(error.which(), error.detail());
    }
    // Value by value, since it counts as a part of the whole: its depth, its elements.
    detail::write_json(*this, detail::JsonRoot::of(view));
}

void JsonWriter::open(char bracket) {
    next();
    if (++depth_ > max_payload_depth) {
        throw_here(errc::payload_too_deep,
                   "nesting " + std::to_string(depth_) + " exceeds " + std::to_string(max_payload_depth));
    }
    out_ += bracket;
}

void JsonWriter::begin_array() {
    open('[');
}

void JsonWriter::end_array() {
    --depth_;
    out_ += ']';
}

void JsonWriter::begin_object() {
    open('{');
}

void JsonWriter::end_object() {
    --depth_;
    out_ += '}';
}

void JsonWriter::key(std::string_view utf8) {
    string(utf8);
    --elements_;  // a member is one, not two
    out_ += ':';
}

}  // namespace cohort
