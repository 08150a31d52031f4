// SPDX-License-Identifier: MIT
// Reading, one function per shape. Nothing is converted silently: what does not fit says where it is.
#pragma once

#include <cohort/detail/codec_write.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace cohort::detail {

template<class T>
T read(JsonView view);

// An integer of at most 18 digits and nothing else; nothing where the text is anything else.
std::optional<std::int64_t> short_integer(std::string_view text) noexcept;

// The value of the name; others throw Error(argument_type) that lists the names.
std::int64_t enum_value(JsonView view, std::span<EnumName const> names);

// Throws Error(argument_type): the key of an object is no integer in its shortest form within the limits.
std::int64_t integer_key(JsonView object, std::string_view key, std::int64_t min, std::int64_t max);
std::uint64_t unsigned_key(JsonView object, std::string_view key, std::uint64_t max);
std::int64_t enum_key(JsonView object, std::string_view key, std::span<EnumName const> names);

// Units of num/den seconds since 1970, within the limits. Throws Error(argument_range), or argument_type for
// a finer time.
std::int64_t read_time(JsonView view, std::int64_t num, std::int64_t den, std::int64_t min, std::int64_t max);

template<class T>
T read_integer(JsonView view) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>)
        return static_cast<T>(view.as_int64(Limits::min(), Limits::max()));
    else
        return static_cast<T>(view.as_uint64(Limits::max()));
}

template<class M>
void read_member(JsonView object, std::string_view name, std::size_t& hint, M& target) {
    static_assert(!std::is_const_v<M>, "a const member cannot be read; leave it out of the description");
    static_assert(!std::is_array_v<M>, "use std::array: a C array cannot be read");
    if (JsonView const member = object.find(name, hint))
        target = read<M>(member);
    else if constexpr (form_of<M> != Form::optional)
        object.missing(name);
}

template<class T, template<class...> class List, class... D>
T read_members(JsonView view, List<D...>) {
    static_assert(std::is_default_constructible_v<T>,
                  "a described struct needs a default constructor to be read");
    T value{};
    [[maybe_unused]] std::size_t hint = 0;
    if constexpr (sizeof...(D) == 0) static_cast<void>(view.members());
    (read_member(view, D::name, hint, value.*D::pointer), ...);
    return value;
}

template<class T>
T read_key(JsonView object, std::string_view key) {
    using Limits = std::numeric_limits<T>;
    if constexpr (form_of<T> == Form::text) {
        return T{key};
    } else if constexpr (form_of<T> == Form::named_enum) {
        return static_cast<T>(enum_key(object, key, EnumNames<T>::all));
    } else {
        static_assert(form_of<T> == Form::integer,
                      "the keys of a map are strings, integers or described enums");
        if constexpr (std::is_signed_v<T>)
            return static_cast<T>(integer_key(object, key, Limits::min(), Limits::max()));
        else
            return static_cast<T>(unsigned_key(object, key, Limits::max()));
    }
}

template<class T>
T read_map(JsonView view) {
    T map;
    std::size_t const size = view.members();
    for (std::size_t i = 0; i < size; ++i) {
        map.try_emplace(read_key<typename T::key_type>(view, view.member_key(i)),
                        read<typename T::mapped_type>(view.member(i)));
    }
    return map;
}

template<class T>
T read_sequence(JsonView view) {
    static_assert(!is_span<T>, "a span may be a parameter, but not part of a value: use std::vector");
    T sequence{};
    std::size_t const size = view.size();
    if constexpr (requires { sequence.reserve(size); }) sequence.reserve(size);
    if constexpr (TupleLike<T>) view.expect_size(std::tuple_size_v<T>);
    for (std::size_t i = 0; i < size; ++i) {
        if constexpr (TupleLike<T>) {
            sequence[i] = read<typename T::value_type>(view[i]);
        } else if constexpr (requires { sequence.push_back(read<typename T::value_type>(view)); }) {
            sequence.push_back(read<typename T::value_type>(view[i]));
        } else {
            sequence.insert(read<typename T::value_type>(view[i]));
        }
    }
    return sequence;
}

template<class T, std::size_t... I>
T read_tuple(JsonView view, std::index_sequence<I...>) {
    view.expect_size(sizeof...(I));
    // Braces: from left to right, so that the first fault is the one that is told.
    return T{read<std::tuple_element_t<I, T>>(view[I])...};
}

template<class T, std::size_t I>
T read_alternative(JsonView view) {
    return T{std::in_place_index<I>, read<std::variant_alternative_t<I, T>>(view)};
}

constexpr Kinds kind_bit(JsonKind kind) noexcept {
    constexpr Kinds bits[] = {kind_null,   kind_boolean, kind_number, kind_number,
                              kind_string, kind_array,   kind_object};
    return bits[static_cast<std::size_t>(kind)];
}

template<class T, std::size_t... I>
T read_variant(JsonView view, std::index_sequence<I...>) {
    using Reader = T (*)(JsonView);
    constexpr Reader readers[] = {&read_alternative<T, I>...};
    if constexpr (kinds_differ(std::type_identity<T>{})) {
        constexpr Kinds kinds[] = {kinds_of<std::variant_alternative_t<I, T>>()...};
        Kinds const bit = kind_bit(view.kind());
        for (std::size_t i = 0; i < sizeof...(I); ++i) {
            if ((kinds[i] & bit) != 0) return readers[i](view);
        }
        view.wrong("one of the variant's alternatives");
    } else {
        auto const index = view.at("index").as_uint64(sizeof...(I) - 1);
        return readers[index](view.at("value"));
    }
}

template<class T>
T read_class(JsonView view) {
    constexpr Form shape = form_of<T>;
    if constexpr (shape == Form::text) {
        return T{view.as_string()};
    } else if constexpr (shape == Form::bytes) {
        return T{view.as_base64()};
    } else if constexpr (shape == Form::json) {
        return T{view.text()};
    } else if constexpr (shape == Form::described) {
        return read_members<T>(view, members_of<T>{});
    } else if constexpr (shape == Form::optional) {
        static_assert(!looks_empty<typename T::value_type>,
                      "an optional of what may be null itself cannot be told from null");
        if (view.is_null()) return T{};
        return T{read<typename T::value_type>(view)};
    } else if constexpr (shape == Form::variant) {
        return read_variant<T>(view, std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (shape == Form::duration) {
        return T{read<typename T::rep>(view)};
    } else if constexpr (shape == Form::time) {
        static_assert(check_time<T>());
        using Limits = std::numeric_limits<typename T::rep>;
        auto const count = read_time(view, T::period::num, T::period::den, Limits::min(), Limits::max());
        return T{typename T::duration{static_cast<typename T::rep>(count)}};
    } else if constexpr (shape == Form::path) {
        std::string_view const text = view.as_string();
        return T{std::u8string{text.begin(), text.end()}};
    } else if constexpr (shape == Form::map) {
        return read_map<T>(view);
    } else if constexpr (shape == Form::tuple) {
        return read_tuple<T>(view, std::make_index_sequence<std::tuple_size_v<T>>{});
    } else {
        return read_sequence<T>(view);
    }
}

// A string_view in it refers to the document. Members of structs are not looked at: a struct may contain
// itself.
template<class T>
consteval bool holds_views();

template<class... P>
consteval bool parts_hold_views(std::tuple<P...> const*) {
    return (holds_views<P>() || ...);
}
template<class... P>
consteval bool parts_hold_views(std::variant<P...> const*) {
    return (holds_views<P>() || ...);
}
template<class A, class B>
consteval bool parts_hold_views(std::pair<A, B> const*) {
    return holds_views<A>() || holds_views<B>();
}

template<class T>
consteval bool holds_views() {
    constexpr Form shape = form_of<T>;
    if constexpr (shape == Form::optional || shape == Form::sequence)
        return holds_views<typename T::value_type>();
    else if constexpr (shape == Form::map)
        return holds_views<typename T::key_type>() || holds_views<typename T::mapped_type>();
    else if constexpr (shape == Form::tuple || shape == Form::variant)
        return parts_hold_views(static_cast<T const*>(nullptr));
    else
        return is_text_view<T>;
}

template<class T>
T read(JsonView view) {
    constexpr Form shape = form_of<T>;
    if constexpr (!can_travel<T>()) {
        view.fail(errc::argument_type, "cannot travel");
    } else if constexpr (shape == Form::custom) {
        return Codec<T>::read(view);
    } else if constexpr (shape == Form::null) {
        if (!view.is_null()) view.wrong("null");
        return T{};
    } else if constexpr (shape == Form::boolean) {
        return view.as_bool();
    } else if constexpr (shape == Form::integer) {
        return read_integer<T>(view);
    } else if constexpr (shape == Form::plain_enum) {
        return static_cast<T>(read_integer<std::underlying_type_t<T>>(view));
    } else if constexpr (shape == Form::number) {
        if constexpr (std::same_as<T, float>)
            return view.as_float();
        else
            return view.as_double();
    } else if constexpr (shape == Form::named_enum) {
        return static_cast<T>(enum_value(view, EnumNames<T>::all));
    } else {
        return read_class<T>(view);
    }
}

}  // namespace cohort::detail
