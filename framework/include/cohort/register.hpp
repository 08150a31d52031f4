// SPDX-License-Identifier: MIT
// The worker's half of a job: its body, and the decorators around it.
//
//   double shop::price(Order const& order, std::string currency) { … }
//   COHORT_REGISTER(shop::price, shop::audited, cohort::timed());
#pragma once

#include <cohort/catalog.hpp>
#include <cohort/decorators.hpp>
#include <cohort/detail/body.hpp>
#include <cohort/job.hpp>

// COHORT_REGISTER(job, decorators…): at namespace scope of a source file; any qualified name, in any
// namespace. Puts the job into Catalog::registered() before main() begins. Decorators are outermost first.
#define COHORT_REGISTER(...) COHORT_DETAIL_REGISTER(__COUNTER__, __VA_ARGS__)
#define COHORT_DETAIL_REGISTER(number, ...) COHORT_DETAIL_REGISTER_AS(number, __VA_ARGS__)
#define COHORT_DETAIL_REGISTER_AS(number, job, ...)                                                          \
    namespace {                                                                                              \
    [[maybe_unused]] bool const cohort_registered_##number =                                                 \
        cohort::detail::register_job([] { return cohort::detail::entry_of<job>(__FILE__, __LINE__); },       \
                                     [] {                                                                    \
                                         using namespace std::chrono_literals;                               \
                                         return cohort::detail::decorators_of(__VA_ARGS__);                  \
                                     });                                                                     \
    }                                                                                                        \
    static_assert(true)

namespace cohort {

namespace detail {

template<class... D>
std::vector<Decorator> decorators_of(D... decorators) {
    static_assert((std::is_convertible_v<D, Decorator> && ...),
                  "a decorator is a callable awaitable<void>(cohort::Context&, cohort::Next)");
    std::vector<Decorator> all;
    all.reserve(sizeof...(D));
    (all.emplace_back(std::move(decorators)), ...);
    return all;
}

template<class Meta>
JobEntry make_entry(std::string_view file, int line) {
    JobEntry entry = describe_entry(info<Meta>(), typeid(Meta), file, line);
    if constexpr (signature_of<Meta>::coroutine)
        entry.start = &Body<Meta>::start;
    else
        entry.call = &Body<Meta>::call;
    entry.body = reinterpret_cast<void const*>(Meta::cohort_body());
    return entry;
}

template<auto Job>
JobEntry entry_of(std::string_view file, int line) {
    return make_entry<meta_of<Job>>(file, line);
}

// Adds to the catalog that Catalog::registered() shows. Keeps what is thrown, for registered() to throw.
bool register_job(JobEntry (*entry)(), std::vector<Decorator> (*decorators)()) noexcept;

}  // namespace detail

template<auto Job, class... Decorators>
void Catalog::add(Decorators... decorators) {
    using Meta = detail::meta_of<Job>;
    JobEntry entry = detail::make_entry<Meta>(Meta::cohort_file(), Meta::cohort_line());
    entry.decorators = detail::decorators_of(std::move(decorators)...);
    add(std::move(entry));
}

}  // namespace cohort
