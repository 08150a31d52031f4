// SPDX-License-Identifier: MIT
// Around a body: decodes what it takes, calls it, encodes what it gives.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/catalog.hpp>
#include <cohort/context.hpp>
#include <cohort/detail/arguments.hpp>

#include <array>
#include <typeinfo>

namespace cohort::detail {

// What is kept for a parameter while the body runs. Views view the document, or this.
template<class P>
struct Stored {
    using Type = Value<P>;
};
template<class P>
    requires is_span<Value<P>>
struct Stored<P> {
    using Element = std::remove_const_t<typename Value<P>::element_type>;
    static_assert(!std::same_as<Element, bool>,
                  "span<bool const> does not work: take std::vector<bool> const&");
    static_assert(std::is_const_v<typename Value<P>::element_type>,
                  "a span parameter is a span of const elements");
    static_assert(Value<P>::extent == std::dynamic_extent,
                  "a span parameter has no fixed size: take std::array const&");
    using Type = std::vector<Element>;
};

// As the function takes it: by value it may be moved out, since it is called once.
template<class P>
decltype(auto) pass(typename Stored<P>::Type& value) {
    if constexpr (is_span<Value<P>>)
        return Value<P>{value};
    else if constexpr (std::is_lvalue_reference_v<P>)
        return static_cast<P>(value);
    else
        return std::move(value);
}

// The view of each argument that is there; false for the others. All after the first missing one must be
// missing too, since only the last ones can be left to their defaults. Throws Error(argument_count,
// argument_type).
struct ArgumentViews {
    std::span<JsonView> views;                // one for each parameter
    std::span<std::string_view const> names;  // none: positional
    std::span<bool const> may_be_absent;      // an optional, which is empty then
    std::size_t required;                     // as many must be there
};
// How many arguments the call is made with.
std::size_t find_arguments(JsonView root, ArgumentViews const& arguments);

// Throws Error(result_encoding, result_too_large).
void set_result(Context& context, std::string json);

template<class Meta, std::size_t N = 0>
consteval std::size_t required_arguments() {
    if constexpr (N == parameters_of<Meta>::size)
        return N;
    else if constexpr (may_take<Meta, N>())
        return N;
    else
        return required_arguments<Meta, N + 1>();
}

// The decoded arguments. As many as the call is made with have a value.
template<class Meta, class Wire = parameters_of<Meta>>
class Arguments;

template<class Meta, class... P>
class Arguments<Meta, List<P...>> {
public:
    static constexpr std::size_t required = required_arguments<Meta>();

    // The views among them are valid as long as the document.
    explicit Arguments(JsonView root) : Arguments{root, std::index_sequence_for<P...>{}} {}

    decltype(auto) apply(Context& context) { return apply_at_least<required>(context); }

private:
    static constexpr JobOptions options = Meta::cohort_options();
    static constexpr auto names = split_words<options.params.empty() ? 0 : sizeof...(P)>(options.params);
    static constexpr std::array<bool, sizeof...(P)> may_be_absent{(form_of<Value<P>> == Form::optional)...};

    template<std::size_t... I>
    Arguments(JsonView root, std::index_sequence<I...>) {
        std::array<JsonView, sizeof...(P)> views{};
        given_ = find_arguments(root, {views, names, may_be_absent, required});
        (read_into(std::get<I>(values_), views[I], I), ...);
    }

    template<class T>
    void read_into(std::optional<T>& target, JsonView view, std::size_t position) {
        if (position >= given_) return;
        if (view)
            target.emplace(read<T>(view));
        else if constexpr (form_of<T> == Form::optional)
            target.emplace();
    }

    // A call with exactly as many arguments as are given; the rest of them is up to the function's defaults.
    template<std::size_t N>
    decltype(auto) apply_at_least(Context& context) {
        if constexpr (N < sizeof...(P)) {
            if (given_ > N) return apply_at_least<N + 1>(context);
        }
        return call(context, std::make_index_sequence<N>{});
    }

    template<std::size_t... I>
    decltype(auto) call([[maybe_unused]] Context& context, std::index_sequence<I...>) {
        using All = std::tuple<std::type_identity<P>...>;
        if constexpr (signature_of<Meta>::context) {
            return Meta::cohort_call(
                context, pass<typename std::tuple_element_t<I, All>::type>(std::get<I>(values_).value())...);
        } else {
            return Meta::cohort_call(
                pass<typename std::tuple_element_t<I, All>::type>(std::get<I>(values_).value())...);
        }
    }

    std::tuple<std::optional<typename Stored<P>::Type>...> values_;
    std::size_t given_ = 0;
};

template<class T>
void encode_result(Context& context, T const& result) {
    std::string json;
    JsonWriter writer{json, JsonRole::result};
    if constexpr (std::same_as<T, char const*>)
        write_argument<std::string_view>(writer, result);
    else
        write(writer, result);
    set_result(context, std::move(json));
}

template<class Meta>
struct Body {
    using Returned = std::decay_t<typename Unwrapped<typename signature_of<Meta>::Returned>::Type>;

    static void call(Context& context) {
        JsonDocument document{JsonRole::arguments};
        JsonView const root = document.parse(context.arguments());
        Arguments<Meta> arguments{root};
        if constexpr (std::is_void_v<Returned>) {
            arguments.apply(context);
            context.set_result("null");
        } else {
            encode_result<Returned>(context, arguments.apply(context));
        }
    }

    // The document and the arguments live in this frame until the body has ended.
    static awaitable<void> start(Context& context) {
        JsonDocument document{JsonRole::arguments};
        JsonView const root = document.parse(context.arguments());
        Arguments<Meta> arguments{root};
        auto run = arguments.apply(context);
        if constexpr (std::is_void_v<Returned>) {
            co_await std::move(run);
            context.set_result("null");
        } else {
            Returned const result = co_await std::move(run);
            encode_result<Returned>(context, result);
        }
    }
};

// All of an entry but its body. Throws Error(invalid_job_name) for a name that another compiler would spell
// differently.
JobEntry describe_entry(JobInfo const& info, std::type_info const& meta, std::string_view file, int line);

}  // namespace cohort::detail
