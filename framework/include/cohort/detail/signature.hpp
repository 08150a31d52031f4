// SPDX-License-Identifier: MIT
// What a job function takes and gives, without its Context and its awaitable.
#pragma once

#include <cohort/awaitable_fwd.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace cohort {

class Context;

namespace detail {

template<class... T>
struct List {
    static constexpr std::size_t size = sizeof...(T);
};

template<class T>
struct Unwrapped {
    using Type = T;
    static constexpr bool coroutine = false;
};
template<class T>
struct Unwrapped<awaitable<T>> {
    using Type = T;
    static constexpr bool coroutine = true;
};

// What the client gets: views become what they view.
template<class T>
struct Owned {
    using Type = T;
};
template<>
struct Owned<std::string_view> {
    using Type = std::string;
};
template<>
struct Owned<char const*> {
    using Type = std::string;
};
template<class T, std::size_t N>
struct Owned<std::span<T, N>> {
    using Type = std::vector<std::remove_cv_t<T>>;
};

template<class... A>
struct Parameters {
    using Wire = List<A...>;
    static constexpr bool context = false;
};
template<class... A>
struct Parameters<Context&, A...> {
    using Wire = List<A...>;
    static constexpr bool context = true;
};
template<class... A>
struct Parameters<Context const&, A...> : Parameters<Context&, A...> {};

// Also of a lambda that captures nothing.
template<class F>
constexpr auto as_pointer(F function) noexcept {
    constexpr bool fits =
        requires { requires std::is_function_v<std::remove_pointer_t<decltype(+function)>>; };
    static_assert(fits, "a job is a free function: COHORT_JOB_AS takes a pointer to one");
    if constexpr (fits)
        return +function;
    else
        return static_cast<void (*)()>(nullptr);
}

template<class Function>
struct Signature;
template<class R, class... A>
struct Signature<R (*)(A...)> {
    using Returned = R;                                                              // as declared
    using Result = typename Owned<std::decay_t<typename Unwrapped<R>::Type>>::Type;  // as the client gets it
    using Wire = typename Parameters<A...>::Wire;                                    // a List, as declared
    static constexpr bool coroutine = Unwrapped<R>::coroutine;
    static constexpr bool context = Parameters<A...>::context;
};
template<class R, class... A>
struct Signature<R (*)(A...) noexcept> : Signature<R (*)(A...)> {};

template<class P>
inline constexpr bool may_be_parameter =
    !std::is_pointer_v<std::decay_t<P>> &&
    !(std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>);

template<class... P>
consteval bool may_be_parameters(List<P...>) {
    return (may_be_parameter<P> && ...);
}

}  // namespace detail
}  // namespace cohort
