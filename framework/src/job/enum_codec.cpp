// SPDX-License-Identifier: MIT
// Enumerators by name, and keys of objects that are not text.
#include "base/text.hpp"
#include "job/json_root.hpp"

#include <cohort/detail/codec_read.hpp>

#include <algorithm>
#include <charconv>

namespace cohort::detail {
namespace {

std::string list(std::span<EnumName const> names) {
    constexpr std::size_t enough = 12;
    std::string text;
    for (EnumName const& entry : names.first(std::min(names.size(), enough))) {
        if (!text.empty()) text += ", ";
        text += entry.name;
    }
    return names.size() > enough ? text + ", …" : text;
}

EnumName const* find_name(std::span<EnumName const> names, std::string_view name) {
    auto const found = std::ranges::find(names, name, &EnumName::name);
    return found == names.end() ? nullptr : &*found;
}

template<class Integer>
Integer parse_key(JsonView object, std::string_view key, Integer min, Integer max) {
    Integer value{};
    auto const [end, problem] = std::from_chars(key.data(), key.data() + key.size(), value);
    bool const whole = problem == std::errc{} && end == key.data() + key.size();
    // Only the shortest form, or two keys could be one number.
    if (!whole || std::to_string(value) != key || value < min || value > max) {
        object.fail(errc::argument_type, "the key " + quote(key) + " is no integer in " +
                                             std::to_string(min) + ".." + std::to_string(max));
    }
    return value;
}

}  // namespace

std::string_view enum_name(JsonWriter& writer, std::span<EnumName const> names, std::int64_t value) {
    auto const found = std::ranges::find(names, value, &EnumName::value);
    if (found == names.end()) {
        writer.fail(errc::not_representable, std::to_string(value) + " is none of " + list(names));
    }
    return found->name;
}

std::int64_t enum_value(JsonView view, std::span<EnumName const> names) {
    EnumName const* const found =
        view.kind() == JsonKind::string ? find_name(names, view.as_string()) : nullptr;
    if (found == nullptr) view.wrong("one of " + list(names));
    return found->value;
}

std::int64_t enum_key(JsonView object, std::string_view key, std::span<EnumName const> names) {
    EnumName const* const found = find_name(names, key);
    if (found == nullptr)
        object.fail(errc::argument_type, "the key " + quote(key) + " is none of " + list(names));
    return found->value;
}

std::int64_t integer_key(JsonView object, std::string_view key, std::int64_t min, std::int64_t max) {
    return parse_key(object, key, min, max);
}

std::uint64_t unsigned_key(JsonView object, std::string_view key, std::uint64_t max) {
    return parse_key<std::uint64_t>(object, key, 0, max);
}

}  // namespace cohort::detail
