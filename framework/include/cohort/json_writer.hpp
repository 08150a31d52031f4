// SPDX-License-Identifier: MIT
// Writes JSON text, value by value, straight into a string.
#pragma once

#include <cohort/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort {

// What every payload is held to, when it is written and when it is read.
inline constexpr std::size_t max_payload_bytes = 1 << 20;
inline constexpr std::size_t max_payload_elements = 100'000;
inline constexpr std::size_t max_payload_depth = 64;

// What a JSON text stands for: decides the first word of an error's path, and its code.
enum class JsonRole : std::uint8_t {
    arguments,  // "argument page.colors[1]: …"; errc::argument_type and its like
    result,     // "result.total: …"; errc::result_encoding, whatever was wrong
    value,      // "value.total: …"; codes as for arguments
};

// Commas are its own business. Every function throws Error that names the place: invalid_utf8,
// not_representable, payload_too_deep, too_many_elements; for the role `result` always result_encoding.
class JsonWriter {
public:
    // Appends to `out`, which outlives the writer.
    explicit JsonWriter(std::string& out, JsonRole role = JsonRole::value)
        : out_{out}, start_{out.size()}, role_{role} {}

    void null();
    void boolean(bool value);
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void number(double value);  // finite; the shortest text that reads back as the same value, "3.0" for 3
    void number(float value);
    void string(std::string_view utf8);
    void base64(std::string_view bytes);
    void time(std::int64_t seconds,
              std::uint32_t nanoseconds);  // since 1970, UTC: "2026-01-31T08:30:00.125Z"
    void json(std::string_view text);      // one JSON value, checked

    void begin_array();
    void end_array();
    void begin_object();
    void key(std::string_view utf8);  // before each value of an object
    void end_object();

    // Any value that can travel. Defined in <cohort/codec.hpp>.
    template<class T>
    void value(T const& value);

    // Throws Error(code) about the value that would come next.
    [[noreturn]] void fail(errc code, std::string_view what);

private:
    void next();
    void open(char bracket);
    [[noreturn]] void throw_here(errc code, std::string_view what) const;

    std::string& out_;
    std::size_t start_;
    std::size_t elements_ = 0;
    std::uint32_t depth_ = 0;
    JsonRole role_;
};

}  // namespace cohort
