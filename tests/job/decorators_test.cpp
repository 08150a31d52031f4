// SPDX-License-Identifier: MIT
// Decorators: their order, what they may do, and those that come with the library.
#include "context.hpp"
#include "job/chain.hpp"

#include <cohort/log.hpp>

#include <catch2/catch.hpp>

using namespace cohort;

namespace {

std::vector<std::string> trace;

awaitable<void> run_tracing(std::string name, Next next) {
    trace.push_back(name + " in");
    co_await next();
    trace.push_back(name + " out");
}

Decorator tracing(std::string name) {
    return [name](Context&, Next next) { return run_tracing(name, next); };
}

awaitable<void> body(Context& context) {
    trace.push_back("body");
    context.set_result("1");
    co_return;
}

template<class E>
awaitable<void> failing(Context&) {
    throw E{"broken"};
    co_return;
}

awaitable<void> twice(Context&, Next next) {
    co_await next();
    co_await next();
}

awaitable<void> never_next(Context& context, Next) {
    context.set_result("\"cached\"");
    co_return;
}

awaitable<void> replacing(Context& context, Next next) {
    co_await next();
    context.set_result('[' + context.result() + ']');
}

void run_with(Context& context, std::vector<Decorator> const& outer, std::vector<Decorator> const& inner,
              ChainBody const& run_body = body) {
    trace.clear();
    support::run(run_chain(outer, inner, context, run_body));
}

// Collects what is logged, while it lives.
class LogCapture {
public:
    LogCapture() {
        set_log_sink([this](LogLevel, std::string_view line) { lines.emplace_back(line); });
        set_log_level(LogLevel::info);
    }
    ~LogCapture() {
        set_log_level(LogLevel::warn);
        set_log_sink({});
    }
    std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("decorators run outside in, the worker's around the job's") {
    support::TestContext context;
    run_with(context, {tracing("log"), tracing("trace")}, {tracing("retry"), tracing("time")});
    CHECK(trace == std::vector<std::string>{"log in", "trace in", "retry in", "time in", "body", "time out",
                                            "retry out", "trace out", "log out"});
}

TEST_CASE("without decorators there is the body") {
    support::TestContext context;
    run_with(context, {}, {});
    CHECK(trace == std::vector<std::string>{"body"});
    CHECK(context.result() == "1");
}

TEST_CASE("a decorator may run the rest twice, or never, and change the result") {
    support::TestContext context;
    run_with(context, {twice}, {replacing});
    CHECK(trace == std::vector<std::string>{"body", "body"});
    CHECK(context.result() == "[1]");
    run_with(context, {never_next}, {tracing("unseen")});
    CHECK(trace.empty());
    CHECK(context.result() == "\"cached\"");
}

TEST_CASE("what a body throws passes through") {
    support::TestContext context;
    ChainBody const broken = failing<std::runtime_error>;
    CHECK_THROWS_WITH(run_with(context, {tracing("a")}, {tracing("b")}, broken), "broken");
    CHECK(trace == std::vector<std::string>{"a in", "b in"});
}

TEST_CASE("retry_on makes a retry of one type of exception, and of its children") {
    support::TestContext context;
    auto const thrown = [&](Decorator const& decorator, ChainBody const& run_body) {
        try {
            run_with(context, {decorator}, {}, run_body);
        } catch (Retry const& retry) {
            return "retry after " + to_string(retry.after()) + ": " + retry.what();
        } catch (std::exception const& error) {
            return std::string{error.what()};
        }
        return std::string{};
    };
    CHECK(thrown(retry_on<std::range_error>(10s), failing<std::range_error>) == "retry after 10s: broken");
    CHECK(thrown(retry_on<std::runtime_error>(10s), failing<std::range_error>) == "retry after 10s: broken");
    CHECK(thrown(retry_on<std::range_error>(10s), failing<std::runtime_error>) == "broken");
    CHECK(thrown(retry_on<std::exception>(10s), failing<Discard>) == "broken");
    CHECK(thrown(retry_on<std::range_error>(10s), body).empty());
    CHECK(thrown(retry_on<std::string>(1s), failing<std::string>) == "retry after 1s: asked for a retry");

    context.stop = StopReason::timeout;
    CHECK(thrown(retry_on<std::exception>(10s), failing<std::runtime_error>) == "broken");
}

TEST_CASE("timed tells how long each run took, however it ended") {
    support::TestContext context;
    std::vector<std::string> told;
    Decorator const decorator = timed([&](std::string_view job, Duration took) {
        CHECK(took >= 0s);
        told.emplace_back(job);
    });
    run_with(context, {decorator}, {});
    CHECK_THROWS(run_with(context, {decorator}, {}, failing<std::runtime_error>));
    CHECK(told == std::vector<std::string>{"test.job", "test.job"});
}

TEST_CASE("logged and timed write lines that name the run") {
    support::TestContext context;
    LogCapture log;
    run_with(context, {logged()}, {timed()});
    REQUIRE(log.lines.size() == 3);
    CHECK(log.lines[0] == "test.job default/j1 attempt 1: started");
    CHECK_THAT(log.lines[1], Catch::StartsWith("test.job default/j1 attempt 1: took "));
    CHECK_THAT(log.lines[2], Catch::StartsWith("test.job default/j1 attempt 1: done after "));
    CHECK_THROWS(run_with(context, {logged()}, {}, failing<std::runtime_error>));
    CHECK_THAT(log.lines.back(),
               Catch::StartsWith("test.job default/j1 attempt 1: ended with an exception after "));
}

TEST_CASE("a context's log costs nothing when nobody listens") {
    support::TestContext context;
    LogCapture log;
    context.log(LogLevel::debug, "unseen");
    CHECK(log.lines.empty());
}
