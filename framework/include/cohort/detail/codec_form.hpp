// SPDX-License-Identifier: MIT
// Which of the shapes on the wire does a type take? Decided once per type, for writing and for reading.
#pragma once

#include <cohort/json_view.hpp>
#include <cohort/payload.hpp>

#include <boost/describe/bases.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace cohort {

template<class T>
struct Codec;

namespace detail {

enum class Form : std::uint8_t {
    custom,  // Codec<T>
    null,
    boolean,
    integer,
    number,
    text,
    bytes,
    json,
    named_enum,
    plain_enum,
    optional,
    variant,
    duration,
    time,
    path,
    described,
    map,
    sequence,  // also sets and std::array
    tuple,     // also pair
    pointer,   // the rest cannot travel
    character,
    unsupported,
};

template<class T>
concept HasCodec = requires(JsonWriter& writer, T const& value, JsonView view) {
    Codec<T>::write(writer, value);
    { Codec<T>::read(view) } -> std::same_as<T>;
};

template<class T, template<class...> class Template>
inline constexpr bool is_instance = false;
template<class... A, template<class...> class Template>
inline constexpr bool is_instance<Template<A...>, Template> = true;

template<class T>
inline constexpr bool is_sys_time = false;
template<class D>
inline constexpr bool is_sys_time<std::chrono::time_point<std::chrono::system_clock, D>> = true;

template<class T>
inline constexpr bool is_duration = false;
template<class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

template<class T>
inline constexpr bool is_span = false;
template<class T, std::size_t N>
inline constexpr bool is_span<std::span<T, N>> = true;

template<class T>
inline constexpr bool is_text_view = std::same_as<T, std::string_view>;

template<class T>
inline constexpr bool is_character = std::same_as<T, wchar_t> || std::same_as<T, char8_t> ||
                                     std::same_as<T, char16_t> || std::same_as<T, char32_t>;

// std::filesystem::path, known by its looks: its header is one of the dearest.
template<class T>
concept PathLike = requires(T const& value) {
    typename T::format;
    { value.u8string() } -> std::same_as<std::u8string>;
    { value.lexically_normal() } -> std::same_as<T>;
};

template<class T>
concept RangeLike = requires(T const& value) {
    typename T::value_type;
    value.begin() != value.end();
};

template<class T>
concept MapLike = RangeLike<T> && requires(T& value, typename T::key_type const& key) {
    typename T::mapped_type;
    value.try_emplace(key);
};

template<class T>
concept TupleLike = requires { std::tuple_size<T>::value; };

template<class T>
concept SmartPointer = requires(T const& value) {
    typename T::element_type;
    value.get();
    *value;
};

template<class T>
consteval Form class_form() {
    if constexpr (std::same_as<T, std::string> || is_text_view<T>)
        return Form::text;
    else if constexpr (std::same_as<T, Bytes>)
        return Form::bytes;
    else if constexpr (std::same_as<T, Json>)
        return Form::json;
    else if constexpr (std::same_as<T, std::monostate>)
        return Form::null;
    else if constexpr (boost::describe::has_describe_members<T>::value && !std::is_union_v<T>)
        return Form::described;
    else if constexpr (is_instance<T, std::optional>)
        return Form::optional;
    else if constexpr (is_instance<T, std::variant>)
        return Form::variant;
    else if constexpr (is_duration<T>)
        return Form::duration;
    else if constexpr (is_sys_time<T>)
        return Form::time;
    else if constexpr (TupleLike<T> && !RangeLike<T>)
        return Form::tuple;
    else if constexpr (PathLike<T>)
        return Form::path;
    else if constexpr (MapLike<T>)
        return Form::map;
    else if constexpr (RangeLike<T>)
        return Form::sequence;
    else if constexpr (SmartPointer<T>)
        return Form::pointer;
    else
        return Form::unsupported;
}

template<class T>
consteval Form form() {
    if constexpr (std::same_as<T, bool>)
        return Form::boolean;
    else if constexpr (is_character<T>)
        return Form::character;
    else if constexpr (std::is_integral_v<T>)
        return Form::integer;
    else if constexpr (std::same_as<T, float> || std::same_as<T, double>)
        return Form::number;
    else if constexpr (HasCodec<T>)
        return Form::custom;
    else if constexpr (std::is_null_pointer_v<T>)
        return Form::null;
    else if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T>)
        return Form::pointer;
    else if constexpr (std::is_enum_v<T>) {
        return boost::describe::has_describe_enumerators<T>::value ? Form::named_enum : Form::plain_enum;
    } else if constexpr (std::is_class_v<T> || std::is_union_v<T>)
        return class_form<T>();
    else
        return Form::unsupported;
}

template<class T>
inline constexpr Form form_of = form<T>();

template<class T>
using members_of =
    boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

// One readable sentence for what cannot travel; false when there was one.
template<class T>
consteval bool can_travel() {
    constexpr Form shape = form_of<T>;
    static_assert(shape != Form::pointer, "pointers and mutable references do not cross processes");
    static_assert(shape != Form::character,
                  "wchar_t and char8_t to char32_t do not travel: use a number, or std::string for text");
    static_assert(shape != Form::unsupported || std::is_class_v<T> == false,
                  "this type cannot travel: describe it with BOOST_DESCRIBE_STRUCT "
                  "(boost/describe/class.hpp), or write a cohort::Codec for it");
    static_assert(shape != Form::unsupported || std::is_class_v<T>, "this type cannot travel");
    return shape != Form::pointer && shape != Form::character && shape != Form::unsupported;
}

// Which kinds of JSON value a type may become, as bits.
using Kinds = std::uint8_t;
inline constexpr Kinds kind_null = 1, kind_boolean = 2, kind_number = 4, kind_string = 8, kind_array = 16,
                       kind_object = 32;
inline constexpr Kinds kind_any = 63;

template<class T>
consteval Kinds kinds_of();

// A variant travels as its plain value when the kind tells which alternative it is.
template<class... A>
consteval bool kinds_differ(std::type_identity<std::variant<A...>>) {
    Kinds seen = 0;
    bool differ = true;
    ((differ = differ && (seen & kinds_of<A>()) == 0, seen = static_cast<Kinds>(seen | kinds_of<A>())), ...);
    return differ;
}

template<class... A>
consteval Kinds all_kinds(std::type_identity<std::variant<A...>> variant) {
    return kinds_differ(variant) ? static_cast<Kinds>((kinds_of<A>() | ...)) : kind_object;
}

template<class T>
consteval Kinds kinds_of() {
    switch (form_of<T>) {
    case Form::null:
        return kind_null;
    case Form::boolean:
        return kind_boolean;
    case Form::integer:
    case Form::number:
    case Form::plain_enum:
    case Form::duration:
        return kind_number;
    case Form::text:
    case Form::bytes:
    case Form::named_enum:
    case Form::time:
    case Form::path:
        return kind_string;
    case Form::described:
    case Form::map:
        return kind_object;
    case Form::sequence:
    case Form::tuple:
        return kind_array;
    case Form::optional:
        if constexpr (is_instance<T, std::optional>) return kind_null | kinds_of<typename T::value_type>();
        return kind_any;
    case Form::variant:
        if constexpr (is_instance<T, std::variant>) return all_kinds(std::type_identity<T>{});
        return kind_any;
    default:
        return kind_any;
    }
}

// Would an empty optional and one that holds such a value look the same?
template<class T>
inline constexpr bool looks_empty = kinds_of<T>() != kind_any && (kinds_of<T>() & kind_null) != 0;

}  // namespace detail
}  // namespace cohort
