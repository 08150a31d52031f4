// SPDX-License-Identifier: MIT
// Writing, one function per shape.
#pragma once

#include <cohort/detail/codec_form.hpp>

namespace cohort::detail {

template<class T>
void write(JsonWriter& writer, T const& value);

// Names and values of a described enum, so that the search is compiled once.
struct EnumName {
    std::string_view name;
    std::int64_t value;
};

template<template<class...> class List, class... D>
constexpr auto enum_table(List<D...>) {
    struct Table {
        EnumName names[sizeof...(D) + 1];
    };
    return Table{{EnumName{D::name, static_cast<std::int64_t>(D::value)}..., {}}};
}

template<class E>
struct EnumNames {
    static constexpr auto table = enum_table(boost::describe::describe_enumerators<E>{});
    static constexpr std::span<EnumName const> all{table.names, std::size(table.names) - 1};
};

// The name; a value without one throws Error(not_representable) about the writer's place.
std::string_view enum_name(JsonWriter& writer, std::span<EnumName const> names, std::int64_t value);

template<class T, template<class...> class List, class... D>
void write_members(JsonWriter& writer, T const& value, List<D...>) {
    ((writer.key(D::name), write(writer, value.*D::pointer)), ...);
}

template<class T>
void write_key(JsonWriter& writer, T const& key) {
    if constexpr (form_of<T> == Form::text) {
        writer.key(key);
    } else if constexpr (form_of<T> == Form::named_enum) {
        writer.key(enum_name(writer, EnumNames<T>::all, static_cast<std::int64_t>(key)));
    } else {
        static_assert(form_of<T> == Form::integer,
                      "the keys of a map are strings, integers or described enums");
        writer.key(std::to_string(key));
    }
}

// `count` units of num/den seconds since 1970.
void write_time(JsonWriter& writer, std::int64_t count, std::int64_t num, std::int64_t den);

template<class T>
consteval bool check_time() {
    using Period = typename T::period;
    static_assert(std::is_integral_v<typename T::rep>, "a point in time must count whole units to travel");
    static_assert(Period::num == 1 || Period::den == 1, "a point in time counts seconds, or a part of one");
    static_assert(1'000'000'000 % Period::den == 0, "a point in time travels to the nanosecond");
    return true;
}

template<class T>
void write_variant(JsonWriter& writer, T const& value) {
    auto const write_value = [&writer](auto const& alternative) { write(writer, alternative); };
    if constexpr (kinds_differ(std::type_identity<T>{})) {
        std::visit(write_value, value);
    } else {
        writer.begin_object();
        writer.key("index");
        writer.integer(static_cast<std::int64_t>(value.index()));
        writer.key("value");
        std::visit(write_value, value);
        writer.end_object();
    }
}

template<class T>
void write_class(JsonWriter& writer, T const& value) {
    constexpr Form shape = form_of<T>;
    if constexpr (shape == Form::text) {
        writer.string(value);
    } else if constexpr (shape == Form::bytes) {
        writer.base64(value.str());
    } else if constexpr (shape == Form::json) {
        writer.json(value.str());
    } else if constexpr (shape == Form::described) {
        writer.begin_object();
        write_members(writer, value, members_of<T>{});
        writer.end_object();
    } else if constexpr (shape == Form::optional) {
        static_assert(!looks_empty<typename T::value_type>,
                      "an optional of what may be null itself cannot be told from null");
        if (value)
            write(writer, *value);
        else
            writer.null();
    } else if constexpr (shape == Form::variant) {
        write_variant(writer, value);
    } else if constexpr (shape == Form::duration) {
        write(writer, value.count());
    } else if constexpr (shape == Form::time) {
        static_assert(check_time<T>());
        write_time(writer, value.time_since_epoch().count(), T::period::num, T::period::den);
    } else if constexpr (shape == Form::path) {
        auto const text = value.u8string();
        writer.string({reinterpret_cast<char const*>(text.data()), text.size()});
    } else if constexpr (shape == Form::map) {
        writer.begin_object();
        for (auto const& [key, mapped] : value) {
            write_key(writer, key);
            write(writer, mapped);
        }
        writer.end_object();
    } else if constexpr (shape == Form::tuple) {
        writer.begin_array();
        std::apply([&writer](auto const&... part) { (write(writer, part), ...); }, value);
        writer.end_array();
    } else if constexpr (shape == Form::sequence) {
        writer.begin_array();
        // The element's own type: a vector<bool> gives something else.
        for (auto const& element : value)
            write<typename T::value_type>(writer, element);
        writer.end_array();
    }
}

template<class T>
void write(JsonWriter& writer, T const& value) {
    constexpr Form shape = form_of<T>;
    if constexpr (!can_travel<T>()) {
        return;
    } else if constexpr (shape == Form::custom) {
        Codec<T>::write(writer, value);
    } else if constexpr (shape == Form::null) {
        writer.null();
    } else if constexpr (shape == Form::boolean) {
        writer.boolean(value);
    } else if constexpr (shape == Form::integer || shape == Form::plain_enum) {
        if constexpr (shape == Form::plain_enum)
            write(writer, static_cast<std::underlying_type_t<T>>(value));
        else if constexpr (std::is_signed_v<T>)
            writer.integer(value);
        else
            writer.unsigned_integer(value);
    } else if constexpr (shape == Form::number) {
        writer.number(value);
    } else if constexpr (shape == Form::named_enum) {
        writer.string(enum_name(writer, EnumNames<T>::all, static_cast<std::int64_t>(value)));
    } else {
        write_class(writer, value);
    }
}

}  // namespace cohort::detail
