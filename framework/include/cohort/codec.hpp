// SPDX-License-Identifier: MIT
// Values to JSON text and back: what may be an argument or a result, and how it looks on the wire.
//
//   bool                        true                      integers               42, exact to 64 bits
//   float, double               3.0                       std::string            "text", UTF-8
//   cohort::Bytes               "base64"                  cohort::Json           as it is
//   described enum              "png"                     other enum             1
//   described struct            {"title":…,"dpi":…}       std::optional          the value or null
//   pair, tuple, array          [1,"a"]                   vector, deque, set …   [1,2]
//   map of string, integer or described enum              {"key":…}
//   chrono::duration            the count of its unit     chrono::sys_time       "2026-01-31T08:30:00.125Z"
//   filesystem::path            "text", UTF-8             monostate, nullptr     null
//   variant                     the value, when the alternatives differ in their kind of JSON (null, boolean,
//   number,
//                               string, array, object), so that one can tell; else {"index":1,"value":…}
//
// Reading a struct: an absent optional is empty, other members must be there, unknown ones are ignored.
#pragma once

#include <cohort/detail/codec_read.hpp>
#include <cohort/detail/codec_write.hpp>

namespace cohort {

// Yours to specialise for a type of your own:
//
//   template<>
//   struct cohort::Codec<Money> {
//       static void write(JsonWriter& writer, Money const& money) { writer.integer(money.cents()); }
//       static Money read(JsonView view) { return Money::from_cents(view.as_int64()); }
//   };
//
// Parts are written with writer.value(part) and read with view.read<Part>(); what is wrong is said with
// fail(). It wins over everything in the table above.
template<class T>
struct Codec;

// The JSON text of a value. Throws Error: invalid_utf8, not_representable, payload_too_deep,
// too_many_elements.
template<class T>
std::string encode(T const& value) {
    std::string text;
    JsonWriter writer{text};
    detail::write(writer, value);
    return text;
}

// The value of a JSON text. Throws Error: payload_syntax and what JsonDocument::parse() names; argument_type,
// argument_range with the path to what does not fit. T owns what it holds: no views.
template<class T>
T decode(std::string_view text, JsonRole role = JsonRole::value) {
    static_assert(!detail::holds_views<T>(), "a view would outlive what it views: decode a std::string");
    if constexpr (detail::form_of<T> == detail::Form::integer) {
        // Most results are one: no document is needed for it.
        auto const integer = detail::short_integer(text);
        bool const fits = integer && static_cast<std::int64_t>(static_cast<T>(*integer)) == *integer &&
                          (std::is_signed_v<T> || *integer >= 0);
        if (fits) return static_cast<T>(*integer);
    }
    JsonDocument document{role};
    JsonView const view = document.parse(text);
    return detail::read<T>(view);
}

template<class T>
void JsonWriter::value(T const& value) {
    detail::write(*this, value);
}

template<class T>
T JsonView::read() const {
    return detail::read<T>(*this);
}

}  // namespace cohort
