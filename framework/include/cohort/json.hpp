// SPDX-License-Identifier: MIT
// Opt-in: Boost.JSON's own values as arguments and results, and types that Boost.JSON converts with
// tag_invoke. They go through a tree of values, which costs more than what <cohort/codec.hpp> does.
#pragma once

#include <cohort/codec.hpp>

#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <concepts>
#include <exception>

namespace cohort {

namespace detail {

boost::json::value const& boost_value(JsonView view) noexcept;
void write_json(JsonWriter& writer, boost::json::value const& value);

// Both directions, by the type's own functions: not what Boost.JSON converts by itself.
template<class T>
concept TagInvoked = std::is_class_v<T> && requires(T const& value, boost::json::value& target) {
    tag_invoke(boost::json::value_from_tag{}, target, value);
    {
        tag_invoke(boost::json::value_to_tag<T>{}, static_cast<boost::json::value const&>(target))
    } -> std::same_as<T>;
};

}  // namespace detail

template<>
struct Codec<boost::json::value> {
    static void write(JsonWriter& writer, boost::json::value const& value) {
        detail::write_json(writer, value);
    }
    static boost::json::value read(JsonView view) {
        return boost::json::value(detail::boost_value(view), {});
    }
};

template<>
struct Codec<boost::json::object> {
    static void write(JsonWriter& writer, boost::json::object const& value) {
        detail::write_json(writer, boost::json::value(value));
    }
    static boost::json::object read(JsonView view) {
        static_cast<void>(view.members());
        return boost::json::object(detail::boost_value(view).get_object(), {});
    }
};

template<>
struct Codec<boost::json::array> {
    static void write(JsonWriter& writer, boost::json::array const& value) {
        detail::write_json(writer, boost::json::value(value));
    }
    static boost::json::array read(JsonView view) {
        static_cast<void>(view.size());
        return boost::json::array(detail::boost_value(view).get_array(), {});
    }
};

template<>
struct Codec<boost::json::string> {
    static void write(JsonWriter& writer, boost::json::string const& value) {
        writer.string({value.data(), value.size()});
    }
    static boost::json::string read(JsonView view) { return boost::json::string(view.as_string()); }
};

template<class T>
    requires detail::TagInvoked<T>
struct Codec<T> {
    static void write(JsonWriter& writer, T const& value) {
        detail::write_json(writer, boost::json::value_from(value));
    }
    static T read(JsonView view) {
        try {
            return boost::json::value_to<T>(detail::boost_value(view));
        } catch (std::exception const& error) {
            view.fail(errc::argument_type, error.what());
        }
    }
};

}  // namespace cohort
