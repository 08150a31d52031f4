// SPDX-License-Identifier: MIT
// From a function, as a template argument, to what COHORT_JOB said of it.
//
// A macro inside of a namespace cannot specialise a template of another one, and a function as a template
// argument adds no namespaces to the look-up of names. So the macro instantiates a class whose friend is
// found through JobTag<&function>. Clang describes in -g whatever template argument reaches code, and a
// client could then not link without the bodies: therefore everything but JobTag and Declared is keyed by the
// metadata struct, and they appear in constants only.
#pragma once

#include <cohort/detail/signature.hpp>
#include <cohort/detail/wire_name.hpp>
#include <cohort/options.hpp>

#include <concepts>
#include <type_traits>

// On functions with a job as template argument.
#ifdef __clang__
#define COHORT_NODEBUG [[gnu::nodebug]]
#else
#define COHORT_NODEBUG
#endif

namespace cohort {

// What COHORT_JOB_AS defines: stands for the function as a template argument.
template<class Meta>
struct JobName {};

namespace detail {

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-template-friend"
#endif
template<auto Function>
struct JobTag {
    friend consteval auto cohort_meta(JobTag<Function>);
};
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

// How a declared job looks from everywhere.
struct JobInfo {
    std::string_view name;  // on the wire
    JobOptions options;
    std::string_view file;  // of the declaration, without folders
    int line = 0;
    std::size_t parameters = 0;  // on the wire
    bool coroutine = false;
};

template<class Meta>
using signature_of = Signature<typename Meta::CohortPointer>;

template<class Meta>
using parameters_of = typename signature_of<Meta>::Wire;

// What the client gets; void when there is nothing.
template<class Meta>
using result_of = typename signature_of<Meta>::Result;

constexpr std::string_view without_folders(std::string_view path) noexcept {
    return path.substr(path.find_last_of('/') + 1);
}

template<class Meta>
consteval JobInfo make_info() {
    constexpr JobOptions options = Meta::cohort_options();
    return {.name = options.name.empty() ? DottedName<Meta>::text : options.name,
            .options = options,
            .file = without_folders(Meta::cohort_file()),
            .line = Meta::cohort_line(),
            .parameters = parameters_of<Meta>::size,
            .coroutine = signature_of<Meta>::coroutine};
}

template<class Meta>
inline constexpr JobInfo info_of = make_info<Meta>();

template<class Meta>
constexpr JobInfo const& info() noexcept {
    return info_of<Meta>;
}

// False when the compiler has complained about the options already.
template<class Meta>
concept HasOptions = requires { typename std::bool_constant<Meta::cohort_options().version == 0>; };

// Each fault of a declaration is one sentence.
template<class Meta>
consteval bool check_options() {
    constexpr JobOptions options = Meta::cohort_options();
    static_assert(!options.name.empty() || is_portable_name(DottedName<Meta>::text),
                  "this job needs .name = \"…\": compilers spell the name of its namespace differently");
    static_assert(options.name.empty() || is_wire_name(options.name),
                  "the .name of a job is 1 to 200 characters of [A-Za-z0-9_.:/-]");
    static_assert(options.params.empty() || count_words(options.params) == parameters_of<Meta>::size,
                  "COHORT_JOB(.params) must name every parameter");
    static_assert(words_differ(split_words<count_words(options.params)>(options.params)),
                  "each name in COHORT_JOB(.params) must be there once");
    static_assert(!(options.quick && signature_of<Meta>::coroutine),
                  ".quick is for plain functions, not for coroutines");
    static_assert(!options.timeout || *options.timeout > 0s, ".timeout must be more than 0");
    static_assert(!options.delay || *options.delay >= 0s, ".delay must not be negative");
    static_assert(!options.expires || *options.expires > 0s, ".expires must be more than 0");
    static_assert(!options.priority || (*options.priority >= -100 && *options.priority <= 100),
                  ".priority is -100 to 100");
    return true;
}

template<class Meta>
consteval bool check_job() {
    static_assert(may_be_parameters(parameters_of<Meta>{}),
                  "pointers and mutable references do not cross processes");
    static_assert(!std::is_pointer_v<result_of<Meta>>,
                  "a pointer cannot be a result: it does not cross processes");
    if constexpr (HasOptions<Meta>)
        return check_options<Meta>();
    else
        return true;
}

template<class Meta, auto Function>
struct Declared {
    friend consteval auto cohort_meta(JobTag<Function>) { return std::type_identity<Meta>{}; }
    static constexpr bool value = check_job<Meta>();
};

// Takes the place of the metadata after the one sentence below, so that nothing else is complained about.
struct NotAJob {
    using CohortPointer = void (*)();
    static void cohort_call() {}
    static CohortPointer cohort_body() { return &cohort_call; }
    static consteval JobOptions cohort_options() { return {.name = "not.a.job"}; }
    static constexpr char const* cohort_file() { return ""; }
    static constexpr int cohort_line() { return 0; }
};

template<auto Job>
consteval auto find_meta() {
    using Type = std::remove_cv_t<decltype(Job)>;
    if constexpr (requires(Type handle) { []<class Meta>(JobName<Meta>) {}(handle); }) {
        return []<class Meta>(JobName<Meta>) { return std::type_identity<Meta>{}; }(Job);
    } else if constexpr (requires { cohort_meta(JobTag<Job>{}); }) {
        return cohort_meta(JobTag<Job>{});
    } else {
        static_assert(
            requires { cohort_meta(JobTag<Job>{}); },
            "this function is not a job: write COHORT_JOB(function) in its header");
        return std::type_identity<NotAJob>{};
    }
}

// The metadata of `Job`, a function or the handle that COHORT_JOB_AS defined.
template<auto Job>
using meta_of = typename decltype(find_meta<Job>())::type;

}  // namespace detail
}  // namespace cohort
