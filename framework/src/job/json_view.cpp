// SPDX-License-Identifier: MIT
// What a view answers. The path of a value is looked for when an error needs it: views carry none.
#include "base/text.hpp"
#include "job/base64.hpp"
#include "job/iso_time.hpp"
#include "job/json_role.hpp"
#include "job/json_root.hpp"

#include <cohort/json_view.hpp>

#include <cmath>
#include <limits>

namespace cohort {
namespace {

namespace json = boost::json;
using detail::JsonRoot;

std::string_view view_of(json::string_view text) noexcept {
    return {text.data(), text.size()};
}

// Depth first: puts the path from `at` to `wanted` into `path`. A document is at most 64 deep.
bool find_path(std::string& path, json::value const& at, void const* wanted) {
    if (&at == wanted) return true;
    std::size_t const length = path.size();
    if (auto const* array = at.if_array()) {
        for (std::size_t i = 0; i < array->size(); ++i) {
            detail::append_index(path, i);
            if (find_path(path, (*array)[i], wanted)) return true;
            path.resize(length);
        }
    } else if (auto const* object = at.if_object()) {
        for (auto const& member : *object) {
            detail::append_key(path, view_of(member.key()));
            if (find_path(path, member.value(), wanted)) return true;
            path.resize(length);
        }
    }
    return false;
}

std::string path_to(JsonRoot const& root, void const* value) {
    std::string path;
    find_path(path, *root.value, value);
    return path;
}

template<class Min, class Max>
std::string does_not_fit(std::string value, Min min, Max max) {
    return value + " does not fit " + std::to_string(min) + ".." + std::to_string(max);
}

// The text gave no integer of 64 bits. Was it one that is too large?
bool is_large(json::value const& value) noexcept {
    return value.is_double() && std::abs(value.get_double()) >= 9223372036854775808.0;
}

}  // namespace

namespace detail {

std::string describe(json::value const& value) {
    switch (value.kind()) {
    case json::kind::null:
        return "null";
    case json::kind::bool_:
        return value.get_bool() ? "boolean true" : "boolean false";
    case json::kind::string:
        return "string " + quote(view_of(value.get_string()));
    case json::kind::array:
        return "an array";
    case json::kind::object:
        return "an object";
    default: {
        std::string text;
        JsonWriter writer{text};
        write_json(writer, value);
        return (value.is_double() ? "number " : "integer ") + text;
    }
    }
}

void write_json(JsonWriter& writer, json::value const& value) {
    switch (value.kind()) {
    case json::kind::null:
        return writer.null();
    case json::kind::bool_:
        return writer.boolean(value.get_bool());
    case json::kind::int64:
        return writer.integer(value.get_int64());
    case json::kind::uint64:
        return writer.unsigned_integer(value.get_uint64());
    case json::kind::double_:
        return writer.number(value.get_double());
    case json::kind::string:
        return writer.string(view_of(value.get_string()));
    case json::kind::array:
        writer.begin_array();
        for (json::value const& element : value.get_array())
            write_json(writer, element);
        return writer.end_array();
    case json::kind::object:
        writer.begin_object();
        for (auto const& member : value.get_object()) {
            writer.key(view_of(member.key()));
            write_json(writer, member.value());
        }
        return writer.end_object();
    }
}

}  // namespace detail

JsonKind JsonView::kind() const noexcept {
    switch (JsonRoot::of(*this).kind()) {
    case json::kind::bool_:
        return JsonKind::boolean;
    case json::kind::int64:
    case json::kind::uint64:
        return JsonKind::integer;
    case json::kind::double_:
        return JsonKind::number;
    case json::kind::string:
        return JsonKind::string;
    case json::kind::array:
        return JsonKind::array;
    case json::kind::object:
        return JsonKind::object;
    case json::kind::null:
        break;
    }
    return JsonKind::null;
}

void JsonView::fail(errc code, std::string_view what) const {
    detail::throw_at(root_->role, path_to(*root_, value_), code, what);
}

void JsonView::wrong(std::string_view expected) const {
    fail(errc::argument_type,
         "expected " + std::string{expected} + ", got " + detail::describe(JsonRoot::of(*this)));
}

void JsonView::missing(std::string_view key) const {
    std::string path = path_to(*root_, value_);
    detail::append_key(path, key);
    detail::throw_at(root_->role, path, errc::argument_type, "missing");
}

bool JsonView::as_bool() const {
    auto const* value = JsonRoot::of(*this).if_bool();
    if (value == nullptr) wrong("a boolean");
    return *value;
}

std::int64_t JsonView::as_int64(std::int64_t min, std::int64_t max) const {
    json::value const& value = JsonRoot::of(*this);
    auto const* integer = value.if_int64();
    if (integer != nullptr && *integer >= min && *integer <= max) return *integer;
    if (integer == nullptr && !value.is_uint64() && !is_large(value)) wrong("an integer");
    fail(errc::argument_range, does_not_fit(text(), min, max));
}

std::uint64_t JsonView::as_uint64(std::uint64_t max) const {
    json::value const& value = JsonRoot::of(*this);
    auto const* integer = value.if_int64();
    if (integer != nullptr && *integer >= 0 && static_cast<std::uint64_t>(*integer) <= max) {
        return static_cast<std::uint64_t>(*integer);
    }
    auto const* large = value.if_uint64();
    if (large != nullptr && *large <= max) return *large;
    if (integer == nullptr && large == nullptr && !is_large(value)) wrong("an integer");
    fail(errc::argument_range, does_not_fit(text(), 0, max));
}

double JsonView::as_double() const {
    json::value const& value = JsonRoot::of(*this);
    if (auto const* number = value.if_double()) return *number;
    if (auto const* integer = value.if_int64()) return static_cast<double>(*integer);
    if (auto const* integer = value.if_uint64()) return static_cast<double>(*integer);
    wrong("a number");
}

float JsonView::as_float() const {
    double const value = as_double();
    if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max())) {
        fail(errc::argument_range, text() + " does not fit float");
    }
    return static_cast<float>(value);
}

std::string_view JsonView::as_string() const {
    auto const* value = JsonRoot::of(*this).if_string();
    if (value == nullptr) wrong("a string");
    return {value->data(), value->size()};
}

std::string JsonView::as_base64() const {
    if (kind() != JsonKind::string) wrong("a string of base64");
    auto bytes = detail::decode_base64(as_string());
    if (!bytes) wrong("a string of base64");
    return *std::move(bytes);
}

void JsonView::as_time(std::int64_t& seconds, std::uint32_t& nanoseconds) const {
    constexpr std::string_view expected = "a time like \"2026-01-31T08:30:00Z\"";
    if (kind() != JsonKind::string) wrong(expected);
    auto const time = detail::parse_iso_time(as_string());
    if (!time) wrong(expected);
    seconds = time->seconds;
    nanoseconds = time->nanoseconds;
}

std::size_t JsonView::size() const {
    auto const* array = JsonRoot::of(*this).if_array();
    if (array == nullptr) wrong("an array");
    return array->size();
}

void JsonView::expect_size(std::size_t count) const {
    std::size_t const got = size();
    if (got == count) return;
    fail(errc::argument_type,
         "expected an array of " + std::to_string(count) + ", got one of " + std::to_string(got));
}

JsonView JsonView::operator[](std::size_t index) const {
    return {&JsonRoot::of(*this).get_array()[index], root_};
}

std::size_t JsonView::members() const {
    auto const* object = JsonRoot::of(*this).if_object();
    if (object == nullptr) wrong("an object");
    return object->size();
}

std::string_view JsonView::member_key(std::size_t index) const {
    return view_of(JsonRoot::of(*this).get_object().begin()[index].key());
}

JsonView JsonView::member(std::size_t index) const {
    return {&JsonRoot::of(*this).get_object().begin()[index].value(), root_};
}

JsonView JsonView::find(std::string_view key) const {
    std::size_t hint = 0;
    return find(key, hint);
}

JsonView JsonView::find(std::string_view key, std::size_t& hint) const {
    std::size_t const size = members();
    auto const& object = JsonRoot::of(*this).get_object();
    auto found = object.begin() + (hint < size ? hint : size);
    if (hint >= size || view_of(found->key()) != key)
        found = object.find(json::string_view{key.data(), key.size()});
    if (found == object.end()) return {};
    hint = static_cast<std::size_t>(found - object.begin()) + 1;
    return {&found->value(), root_};
}

JsonView JsonView::at(std::string_view key) const {
    JsonView const found = find(key);
    if (!found) missing(key);
    return found;
}

std::string JsonView::text() const {
    std::string text;
    JsonWriter writer{text};
    detail::write_json(writer, JsonRoot::of(*this));
    return text;
}

}  // namespace cohort
