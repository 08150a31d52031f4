// SPDX-License-Identifier: MIT
// JSON text to values: Boost.JSON's parser with a handler that counts, refuses duplicate keys and reads
// numbers exactly.
#include "base/text.hpp"
#include "job/json_root.hpp"

#include <cohort/codec.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <vector>

namespace cohort::detail {
namespace {

namespace json = boost::json;

// The keys of the objects that are open, in the order of their text.
class OpenKeys {
public:
    void clear() noexcept {
        text_.clear();
        keys_.clear();
        begin_ = 0;
    }
    void add(std::string_view part) { text_ += part; }
    void end_key() {
        keys_.push_back({begin_, text_.size() - begin_});
        begin_ = text_.size();
    }
    // Forgets the last `count` keys, which are those of one object; answers with one that is there twice.
    std::optional<std::string> close(std::size_t count) {
        auto const first = keys_.end() - static_cast<std::ptrdiff_t>(count);
        std::optional<std::string> const twice = find_twice(first);
        begin_ = count == 0 ? begin_ : first->at;
        text_.resize(begin_);
        keys_.erase(first, keys_.end());
        return twice;
    }

private:
    struct Key {
        std::size_t at;
        std::size_t size;
    };

    std::string_view text(Key key) const { return std::string_view{text_}.substr(key.at, key.size); }

    std::optional<std::string> find_twice(std::vector<Key>::iterator first) {
        constexpr std::ptrdiff_t few = 8;
        auto const same = [this](Key a, Key b) { return text(a) == text(b); };
        if (keys_.end() - first <= few) {
            for (auto key = first; key != keys_.end(); ++key) {
                auto const before = [&](Key other) { return same(*key, other); };
                if (std::any_of(first, key, before)) return std::string{text(*key)};
            }
            return std::nullopt;
        }
        std::vector<Key> sorted{first, keys_.end()};
        std::sort(sorted.begin(), sorted.end(), [this](Key a, Key b) { return text(a) < text(b); });
        auto const twice = std::adjacent_find(sorted.begin(), sorted.end(), same);
        if (twice == sorted.end()) return std::nullopt;
        return std::string{text(*twice)};
    }

    std::string text_;
    std::vector<Key> keys_;
    std::size_t begin_ = 0;
};

enum class Refusal { none, duplicate_key, too_many, number_range };

// What basic_parser calls. See its documentation for the contract of each function.
struct Handler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    json::value_stack values;
    OpenKeys keys;
    std::size_t elements = 0;
    Refusal refusal = Refusal::none;
    std::string detail;

    void reset(json::storage_ptr memory) {
        values.reset(std::move(memory));
        keys.clear();
        elements = 0;
        refusal = Refusal::none;
    }

    bool refuse(Refusal why, std::string_view text, json::error_code& ec) {
        refusal = why;
        detail = text;
        ec = json::error::exception;
        return false;
    }
    bool count(json::error_code& ec) {
        if (++elements <= max_payload_elements) return true;
        return refuse(Refusal::too_many, {}, ec);
    }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_array_begin(json::error_code& ec) { return count(ec); }
    bool on_array_end(std::size_t size, json::error_code&) {
        values.push_array(size);
        return true;
    }
    bool on_object_begin(json::error_code& ec) { return count(ec); }
    bool on_object_end(std::size_t size, json::error_code& ec) {
        if (auto const twice = keys.close(size)) return refuse(Refusal::duplicate_key, *twice, ec);
        values.push_object(size);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        values.push_chars(part);
        return true;
    }
    bool on_string(json::string_view last, std::size_t, json::error_code& ec) {
        values.push_string(last);
        return count(ec);
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        values.push_chars(part);
        keys.add(part);
        return true;
    }
    bool on_key(json::string_view last, std::size_t, json::error_code&) {
        values.push_key(last);
        keys.add(last);
        keys.end_key();
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code& ec) {
        values.push_int64(value);
        return count(ec);
    }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code& ec) {
        values.push_uint64(value);
        return count(ec);
    }
    // The parser's own value may be off by a unit in the last place, so the text is read again.
    bool on_double(double value, json::string_view text, json::error_code& ec) {
        auto const end = std::from_chars(text.data(), text.data() + text.size(), value);
        bool const too_large = end.ec == std::errc::result_out_of_range && !(std::abs(value) < 1);
        if (too_large) return refuse(Refusal::number_range, text, ec);
        values.push_double(value);
        return count(ec);
    }
    bool on_bool(bool value, json::error_code& ec) {
        values.push_bool(value);
        return count(ec);
    }
    bool on_null(json::error_code& ec) {
        values.push_null();
        return count(ec);
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }
};

json::parse_options strict() {
    json::parse_options options;
    options.max_depth = max_payload_depth;
    return options;
}

[[noreturn]] void throw_syntax(std::size_t at, std::string_view what) {
    throw Error{errc::payload_syntax, "at byte " + std::to_string(at) + ": " + std::string{what}};
}

// Does the text end with the first half of a pair, like \ud83d? The parser calls what follows it a mere
// syntax error.
bool ends_with_half_pair(std::string_view text) noexcept {
    if (text.ends_with('\\')) text.remove_suffix(1);
    if (text.size() < 6) return false;
    std::string_view const last = text.substr(text.size() - 6);
    std::size_t const slashes =
        text.size() - 5 - (text.substr(0, text.size() - 5).find_last_not_of('\\') + 1);
    bool const escape = last.starts_with("\\u") && slashes % 2 == 1;
    return escape && (last[2] == 'd' || last[2] == 'D') &&
           std::string_view{"89abAB"}.find(last[3]) != std::string_view::npos;
}

[[noreturn]] void throw_bad_text(std::string_view text, std::size_t at, json::error_code ec) {
    if (auto const bad = find_bad_utf8(text)) {
        throw Error{errc::invalid_utf8,
                    "invalid UTF-8 at byte " + std::to_string(*bad) + "; send cohort::Bytes for binary data"};
    }
    if (ec == json::error::too_deep) {
        throw Error{errc::payload_too_deep, "nesting " + std::to_string(max_payload_depth + 1) + " exceeds " +
                                                std::to_string(max_payload_depth)};
    }
    bool const surrogate = ec == json::error::illegal_leading_surrogate ||
                           ec == json::error::illegal_trailing_surrogate ||
                           ec == json::error::expected_utf16_escape ||
                           (ec == json::error::syntax && ends_with_half_pair(text.substr(0, at)));
    if (surrogate) {
        throw Error{errc::invalid_utf8, "at byte " + std::to_string(at) +
                                            ": half of a surrogate pair; send cohort::Bytes for binary data"};
    }
    if (text.empty()) throw_syntax(0, "empty; a JSON value is needed");
    std::string what = ec == json::error::extra_data ? "text after the end" : ec.message();
    if (at < text.size()) what += ", near " + quote(text.substr(at), 20);
    throw_syntax(at, what);
}

[[noreturn]] void throw_refusal(Handler const& handler, std::size_t at) {
    switch (handler.refusal) {
    case Refusal::too_many:
        throw Error{errc::too_many_elements, "more than " + std::to_string(max_payload_elements) + " values"};
    case Refusal::number_range:
        throw_syntax(at, "the number " + quote(handler.detail, 40) + " is out of range");
    default:
        throw_syntax(at, "the key " + quote(handler.detail) + " is there twice");
    }
}

}  // namespace

// Most results are one of these, and setting up the parser takes longer than reading it.
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

void parse_json(JsonRoot& root, std::string_view text) {
    auto const place = [&root] { return root.memory->allocate(sizeof(json::value), alignof(json::value)); };
    if (auto const integer = short_integer(text)) {
        root.value = new (place()) json::value(*integer);
        return;
    }
    // One parser for all documents of a thread: its stack keeps the memory that it has grown to.
    thread_local json::basic_parser<Handler> parser{strict()};
    Handler& handler = parser.handler();
    parser.reset();
    handler.reset(&*root.memory);
    json::error_code ec;
    std::size_t const at = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && at < text.size()) ec = json::error::extra_data;
    if (ec && handler.refusal != Refusal::none) throw_refusal(handler, at);
    if (ec) throw_bad_text(text, at, ec);
    // Parentheses: braces would make an array of it.
    root.value = new (place()) json::value(handler.values.release());
}

}  // namespace cohort::detail
