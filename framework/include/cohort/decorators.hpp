// SPDX-License-Identifier: MIT
// What runs around a body, and the decorators that come with Cohort.
//
// One of your own:
//
//   cohort::awaitable<void> audited(cohort::Context& ctx, cohort::Next next) {
//       co_await next();                       // throws what the body throws
//       ledger.add(ctx.job().name, ctx.result());
//   }
//   COHORT_REGISTER(shop::price, audited);
#pragma once

#include <cohort/catalog.hpp>
#include <cohort/context.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace cohort {

namespace detail {
struct Chain;
}

// The rest of the way to the body. A value; valid until the decorator that it was given to has ended.
class Next {
public:
    // Runs the rest once. Honours all types of cancellation, as far as the body does.
    awaitable<void> operator()() const;

private:
    friend struct detail::Chain;
    Next(detail::Chain const& chain, std::size_t at) noexcept : chain_{&chain}, at_{at} {}

    detail::Chain const* chain_;
    std::size_t at_;
};

// Logs the start and the end of each run, with its time: level info, a failure level warn.
Decorator logged();

// Logs how long each run took, however it ended: level info.
Decorator timed();
// Tells it to `tell` instead, on the job's loop.
Decorator timed(std::function<void(std::string_view job, Duration took)> tell);

namespace detail {

template<class E>
awaitable<void> retry_on(Next next, Context& context, Duration pause) {
    try {
        co_await next();
    } catch (Retry const&) {
        throw;
    } catch (Discard const&) {
        throw;
    } catch (Stopped const&) {
        throw;
    } catch (E const& error) {
        // What ends a run that is to stop is no reason for another one.
        if (context.stop_requested()) throw;
        if constexpr (std::derived_from<E, std::exception>)
            throw Retry{pause, error.what()};
        else
            throw Retry{pause};
    }
}

}  // namespace detail

// Turns an exception of type E into Retry{pause}. It only classifies: how often a job is retried is
// .max_retries.
template<class E>
Decorator retry_on(Duration pause) {
    return [pause](Context& context, Next next) { return detail::retry_on<E>(next, context, pause); };
}

}  // namespace cohort
