// SPDX-License-Identifier: MIT
// Reads JSON text: a document that has been parsed, and views of the values in it.
#pragma once

#include <cohort/json_writer.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cohort {

enum class JsonKind : std::uint8_t { null, boolean, integer, number, string, array, object };

namespace detail {
struct JsonRoot;
}

// One value of a parsed document, which must outlive it: copy it freely. What does not fit throws Error that
// names the path of the value in the document: errc::argument_type, argument_range, argument_count; for a
// result always result_encoding.
class JsonView {
public:
    JsonView() = default;  // refers to nothing: only bool() may be asked
    explicit operator bool() const noexcept { return value_ != nullptr; }

    JsonKind kind() const noexcept;
    bool is_null() const noexcept { return kind() == JsonKind::null; }

    bool as_bool() const;
    // Exact; a number with a fraction or exponent is not an integer, not even 1.0.
    std::int64_t as_int64(std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX) const;
    std::uint64_t as_uint64(std::uint64_t max = UINT64_MAX) const;
    double as_double() const;  // integers too
    float as_float() const;
    std::string_view as_string() const;  // valid as long as the document
    std::string as_base64() const;       // decoded
    void as_time(std::int64_t& seconds, std::uint32_t& nanoseconds) const;

    // Arrays. size() of anything else throws; `count` is the number that must be there.
    std::size_t size() const;
    void expect_size(std::size_t count) const;
    JsonView operator[](std::size_t index) const;  // index < size()

    // Objects, in the order of their text.
    std::size_t members() const;
    std::string_view member_key(std::size_t index) const;  // index < members()
    JsonView member(std::size_t index) const;
    JsonView find(std::string_view key) const;  // false when absent
    // The same; looks at position `hint` first and moves it on, for who asks in the order of the text.
    JsonView find(std::string_view key, std::size_t& hint) const;
    JsonView at(std::string_view key) const;  // throws when absent: "page.title: missing"

    // Any type that can travel. Defined in <cohort/codec.hpp>.
    template<class T>
    T read() const;

    // The value as JSON text.
    std::string text() const;

    // Throws Error(code) with the path in front of `what`.
    [[noreturn]] void fail(errc code, std::string_view what) const;
    [[noreturn]] void wrong(std::string_view expected) const;  // "expected an integer, got string "green""
    [[noreturn]] void missing(std::string_view key) const;

private:
    friend class JsonDocument;
    friend struct detail::JsonRoot;
    JsonView(void const* value, detail::JsonRoot const* root) : value_{value}, root_{root} {}

    void const* value_ = nullptr;
    detail::JsonRoot const* root_ = nullptr;
};

// Holds what was parsed last. The memory comes from the thread's own stock and goes back to it, so a document
// costs nothing to make. Not thread-safe; may be destroyed on another thread.
class JsonDocument {
public:
    explicit JsonDocument(JsonRole role = JsonRole::value, std::size_t max_bytes = max_payload_bytes);
    ~JsonDocument();
    JsonDocument(JsonDocument&& other) noexcept;
    JsonDocument& operator=(JsonDocument&&) = delete;

    // Takes RFC 8259 and nothing else. Ends the life of earlier views; `text` is not needed afterwards.
    // Throws Error(payload_syntax "at byte 17: …"; also duplicate keys and trailing text), payload_too_deep,
    // payload_too_large, too_many_elements, invalid_utf8.
    JsonView parse(std::string_view text);

private:
    detail::JsonRoot* root_;
    std::size_t max_bytes_;
};

}  // namespace cohort
