// SPDX-License-Identifier: MIT
// The arguments of a call, checked against the function's parameters and written as JSON.
#pragma once

#include <cohort/codec.hpp>
#include <cohort/detail/meta.hpp>
#include <cohort/shared_text.hpp>

namespace cohort::detail {

// What a parameter is on the wire.
template<class P>
using Value = std::remove_cvref_t<P>;

template<class T>
inline constexpr bool is_text = form_of<T> == Form::text;

template<class Param, class Arg>
consteval bool converts() {
    using P = Value<Param>;
    if constexpr (std::is_null_pointer_v<Arg>) {
        return std::is_null_pointer_v<P>;
    } else if constexpr (std::is_arithmetic_v<P>) {
        // No bool from a number or a pointer, no number from a bool.
        if constexpr (std::is_arithmetic_v<Arg>)
            return std::same_as<P, bool> == std::same_as<Arg, bool>;
        else
            return !std::is_pointer_v<std::decay_t<Arg>> && std::is_convertible_v<Arg const&, P>;
    } else if constexpr (is_instance<P, std::optional>) {
        if constexpr (std::same_as<Arg, std::nullopt_t> || is_instance<Arg, std::optional>) {
            return std::is_convertible_v<Arg const&, P>;
        } else {
            return converts<typename P::value_type, Arg>();
        }
    } else if constexpr (is_text<P>) {
        return std::is_convertible_v<Arg const&, std::string_view>;
    } else {
        return std::is_convertible_v<Arg const&, P>;
    }
}

template<class Param, class Arg>
consteval bool loses_fraction() {
    if constexpr (is_instance<Value<Param>, std::optional>) {
        return loses_fraction<typename Value<Param>::value_type, Arg>();
    }
    return std::is_integral_v<Value<Param>> && !std::same_as<Value<Param>, bool> &&
           std::is_floating_point_v<Arg>;
}

[[noreturn]] void throw_does_not_fit(JsonWriter& writer, std::string value, std::string type);
[[noreturn]] void throw_null_text(JsonWriter& writer);

template<class P, class Arg>
void write_integer(JsonWriter& writer, Arg arg) {
    using Limits = std::numeric_limits<P>;
    if (!std::in_range<P>(arg)) {
        throw_does_not_fit(writer, std::to_string(arg),
                           std::to_string(Limits::min()) + ".." + std::to_string(Limits::max()));
    }
    write(writer, static_cast<P>(arg));
}

template<class P, class Arg>
void write_number(JsonWriter& writer, Arg arg) {
    auto const value = static_cast<P>(arg);
    if constexpr (std::is_integral_v<Arg>) {
        // An integer beyond 2^53 would arrive as another one.
        bool const exact = static_cast<long double>(value) == static_cast<long double>(arg);
        if (!exact) throw_does_not_fit(writer, std::to_string(arg), "a floating-point number exactly");
    }
    writer.number(value);
}

template<class Param, class Arg>
void write_argument(JsonWriter& writer, Arg const& arg) {
    using P = Value<Param>;
    if constexpr (std::same_as<P, Arg>) {
        write(writer, arg);
    } else if constexpr (is_text<P>) {
        if constexpr (std::is_pointer_v<Arg>) {
            if (arg == nullptr) throw_null_text(writer);
        }
        writer.string(std::string_view{arg});
    } else if constexpr (std::is_integral_v<P> && std::is_integral_v<Arg>) {
        // The plain types, since in_range takes no characters.
        write_integer<P>(writer, +arg);
    } else if constexpr (std::is_floating_point_v<P> && std::is_arithmetic_v<Arg>) {
        write_number<P>(writer, arg);
    } else if constexpr (is_instance<P, std::optional> && !is_instance<Arg, std::optional> &&
                         !std::same_as<Arg, std::nullopt_t>) {
        write_argument<typename P::value_type>(writer, arg);
    } else {
        P const converted = arg;
        write(writer, converted);
    }
}

template<class P>
using as_argument = std::conditional_t<std::is_lvalue_reference_v<P>, P, P&&>;

// With decltype, since the awaitable that the call gives may be known by its name only.
template<class Meta, bool Context, class... P>
inline constexpr bool takes =
    requires { typename std::type_identity<decltype(Meta::cohort_call(std::declval<as_argument<P>>()...))>; };
template<class Meta, class... P>
inline constexpr bool takes<Meta, true, P...> = requires {
    typename std::type_identity<decltype(Meta::cohort_call(std::declval<cohort::Context&>(),
                                                           std::declval<as_argument<P>>()...))>;
};

template<class Meta, std::size_t... I>
consteval bool callable_with(std::index_sequence<I...>) {
    return []<class... P>(List<P...>) {
        using All = std::tuple<std::type_identity<P>...>;
        return takes<Meta, signature_of<Meta>::context, typename std::tuple_element_t<I, All>::type...>;
    }(parameters_of<Meta>{});
}

// May a call be made with the first n arguments, the others being defaults?
template<class Meta, std::size_t N>
consteval bool may_take() {
    if constexpr (N >= parameters_of<Meta>::size)
        return N == parameters_of<Meta>::size;
    else
        return callable_with<Meta>(std::make_index_sequence<N>{});
}

// The number of the argument stands in the compiler's "required from here" line: argument<2>::check.
template<std::size_t Position>
struct argument {
    template<class Param, class Arg>
    static consteval bool check() {
        if constexpr (!can_travel<Value<Param>>()) {
            return false;
        } else {
            constexpr bool fraction = loses_fraction<Param, Arg>();
            static_assert(!fraction,
                          "job argument would lose its fraction: round it, or make the parameter a double");
            static_assert(fraction || converts<Param, Arg>(), "job argument has the wrong type");
            return !fraction && converts<Param, Arg>();
        }
    }
};

template<class Meta, class... A>
consteval bool check_count() {
    constexpr std::size_t given = sizeof...(A);
    constexpr std::size_t taken = parameters_of<Meta>::size;
    static_assert(given <= taken, "too many arguments for this job");
    static_assert(given >= taken || may_take<Meta, given>(),
                  "too few arguments for this job (and the missing ones have no default)");
    return given <= taken && may_take<Meta, given>();
}

template<class Meta, class... P, class... A, std::size_t... I>
void write_arguments(JsonWriter& writer, List<P...>, std::index_sequence<I...>, A const&... args) {
    using All = std::tuple<std::type_identity<P>...>;
    constexpr bool fit =
        (argument<I + 1>::template check<typename std::tuple_element_t<I, All>::type, A>() & ... & true);
    if constexpr (fit) {
        constexpr JobOptions options = Meta::cohort_options();
        if constexpr (options.params.empty()) {
            writer.begin_array();
            (write_argument<typename std::tuple_element_t<I, All>::type>(writer, args), ...);
            writer.end_array();
        } else {
            constexpr auto names = split_words<sizeof...(P)>(options.params);
            writer.begin_object();
            ((writer.key(names[I]),
              write_argument<typename std::tuple_element_t<I, All>::type>(writer, args)),
             ...);
            writer.end_object();
        }
    }
}

// Throws Error(payload_too_large).
void check_payload_size(std::size_t bytes);

// Memory to write the arguments of one call into: the thread's own, that is used again.
class ArgumentsText {
public:
    ArgumentsText() noexcept;
    ~ArgumentsText();
    ArgumentsText(ArgumentsText const&) = delete;
    ArgumentsText& operator=(ArgumentsText const&) = delete;

    std::string text;
};

// Appends the arguments of one call: an array, or an object when the job names its parameters. Throws Error:
// argument_range, invalid_utf8, not_representable, payload_too_deep, payload_too_large, too_many_elements.
template<class Meta, class... A>
void encode_arguments(std::string& out, A const&... args) {
    if constexpr (!std::same_as<Meta, NotAJob>) {
        if constexpr (check_count<Meta, A...>()) {
            std::size_t const start = out.size();
            JsonWriter writer{out, JsonRole::arguments};
            write_arguments<Meta>(writer, parameters_of<Meta>{}, std::index_sequence_for<A...>{}, args...);
            check_payload_size(out.size() - start);
        }
    }
}

// The same as a text of a job.
template<class Meta, class... A>
Text arguments_of(A const&... args) {
    ArgumentsText arguments;
    encode_arguments<Meta>(arguments.text, args...);
    return arguments.text;
}

// Appends nothing that the worker would refuse. T is result_of<Meta>. Throws Error(result_encoding) with the
// path.
template<class T>
T decode_result(std::string_view json) {
    if constexpr (!std::is_void_v<T>) return decode<T>(json, JsonRole::result);
}

// g++ 12 destroys an unnamed aggregate beside a co_await twice. A&& is the forwarding reference of an
// argument.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
template<class A>
inline constexpr bool safe_beside_await =
    std::is_lvalue_reference_v<A> || !std::is_aggregate_v<std::remove_reference_t<A>> ||
    std::is_trivially_destructible_v<std::remove_reference_t<A>>;
#else
template<class A>
inline constexpr bool safe_beside_await = true;
#endif

}  // namespace cohort::detail
