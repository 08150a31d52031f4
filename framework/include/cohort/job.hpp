// SPDX-License-Identifier: MIT
// Turns a function into a job: a name, options, and types that a client and a worker agree upon. Defines
// nothing and links nothing.
//
//   namespace shop {
//   double price(Order const& order, std::string currency = "EUR");
//   COHORT_JOB(price, .params = "order, currency", .timeout = 30s);
//   }
#pragma once

#include <cohort/awaitable_fwd.hpp>
#include <cohort/detail/arguments.hpp>
#include <cohort/detail/meta.hpp>
#include <cohort/options.hpp>

// COHORT_JOB(function, .option = value…): in the namespace of the function, after its declaration, by its
// plain name.
#define COHORT_JOB(function, ...)                                                                            \
    struct cohort_job_##function {                                                                           \
        using CohortPointer = decltype(&function);                                                           \
        template<class... A>                                                                                 \
        static auto cohort_call(A&&... a) -> decltype((function)(static_cast<A&&>(a)...)) {                  \
            return (function)(static_cast<A&&>(a)...);                                                       \
        }                                                                                                    \
        static auto cohort_body() {                                                                          \
            return &function;                                                                                \
        }                                                                                                    \
        COHORT_DETAIL_META(__VA_ARGS__)                                                                      \
    };                                                                                                       \
    static_assert(cohort::detail::Declared<cohort_job_##function, &function>::value)

// COHORT_JOB_AS(id, pointer, .option = value…): one overload, a template instance, or a function of another
// namespace. `id` becomes the name, for enqueue_job<id> and on the wire, with the namespace that this stands
// in. A pointer has no default arguments.
#define COHORT_JOB_AS(id, pointer, ...)                                                                      \
    struct cohort_job_##id {                                                                                 \
        using CohortPointer = decltype(cohort::detail::as_pointer(pointer));                                 \
        template<class... A>                                                                                 \
        static auto cohort_call(A&&... a) -> decltype((pointer)(static_cast<A&&>(a)...)) {                   \
            return (pointer)(static_cast<A&&>(a)...);                                                        \
        }                                                                                                    \
        static auto cohort_body() {                                                                          \
            return cohort::detail::as_pointer(pointer);                                                      \
        }                                                                                                    \
        COHORT_DETAIL_META(__VA_ARGS__)                                                                      \
    };                                                                                                       \
    static_assert(cohort::detail::check_job<cohort_job_##id>());                                             \
    inline constexpr cohort::JobName<cohort_job_##id> id {}

#define COHORT_DETAIL_META(...)                                                                              \
    static consteval cohort::JobOptions cohort_options() {                                                   \
        using namespace std::chrono_literals;                                                                \
        return {__VA_ARGS__};                                                                                \
    }                                                                                                        \
    static constexpr char const* cohort_file() {                                                             \
        return __FILE__;                                                                                     \
    }                                                                                                        \
    static constexpr int cohort_line() {                                                                     \
        return __LINE__;                                                                                     \
    }

namespace cohort {

// overload<int(int, int)>(resize): one of several functions of a name.
template<class Signature>
constexpr Signature* overload(Signature* function) noexcept {
    return function;
}

}  // namespace cohort
