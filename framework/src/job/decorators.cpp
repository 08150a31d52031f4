// SPDX-License-Identifier: MIT
// The decorators that need no type: logged, timed.
#include <cohort/decorators.hpp>
#include <cohort/time.hpp>

#include <exception>

namespace cohort {
namespace {

using Tell = std::function<void(std::string_view, Duration)>;

awaitable<void> run_logged(Context& context, Next next) {
    Duration const begin = system_clock().steady();
    context.log(LogLevel::info, "started");
    try {
        co_await next();
    } catch (...) {
        Duration const took = system_clock().steady() - begin;
        context.log(LogLevel::warn, "ended with an exception after " + to_string(took));
        throw;
    }
    Duration const took = system_clock().steady() - begin;
    context.log(LogLevel::info, "done after " + to_string(took));
}

// `tell` is kept by the decorator, which outlives its runs.
awaitable<void> run_timed(Context& context, Next next, Tell const& tell) {
    Duration const begin = system_clock().steady();
    std::exception_ptr failure;
    try {
        co_await next();
    } catch (...) {
        failure = std::current_exception();
    }
    Duration const took = system_clock().steady() - begin;
    if (tell)
        tell(context.job().name, took);
    else
        context.log(LogLevel::info, "took " + to_string(took));
    if (failure) std::rethrow_exception(failure);
}

class Timed {
public:
    explicit Timed(Tell tell) : tell_{std::move(tell)} {}
    awaitable<void> operator()(Context& context, Next next) const { return run_timed(context, next, tell_); }

private:
    Tell tell_;
};

}  // namespace

Decorator logged() {
    return run_logged;
}

Decorator timed() {
    return Timed{{}};
}

Decorator timed(std::function<void(std::string_view job, Duration took)> tell) {
    return Timed{std::move(tell)};
}

}  // namespace cohort
