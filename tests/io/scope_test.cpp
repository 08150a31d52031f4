// SPDX-License-Identifier: MIT
#include "io/aborted.hpp"
#include "io/loop.hpp"
#include "io/scope.hpp"
#include "virtual_loop.hpp"

#include <cohort/sleep.hpp>

#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace scope_test {

using namespace io_test;
using cohort::sleep_for;
using cohort::io::is_aborted;
using cohort::io::Scope;

namespace {

struct Log {
    std::vector<std::string> ended;
};

awaitable<void> child(Log& log, std::string name, Duration span) {
    try {
        co_await sleep_for(span);
        log.ended.push_back(name);
    } catch (boost::system::system_error const&) {
        log.ended.push_back(name + " cancelled");
        throw;
    }
}

awaitable<void> failing(Duration span, std::string what) {
    co_await sleep_for(span);
    throw std::runtime_error{what};
}

// Needs a second to end after it was asked to.
awaitable<void> slow_to_stop(Log& log) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    try {
        co_await sleep_for(1h);
    } catch (boost::system::system_error const&) {
    }
    co_await boost::asio::this_coro::reset_cancellation_state();
    co_await sleep_for(1s);
    log.ended.push_back("slow");
}

awaitable<void> join(Scope& scope) {
    co_await scope.join();
}

}  // namespace

TEST_CASE("joining an empty scope ends at once") {
    Loop loop;
    Scope scope;
    loop.run(join(scope));
}

TEST_CASE("a join ends when all children have ended") {
    Loop loop;
    Log log;
    Scope scope;
    auto const executor = loop.context->get_executor();
    scope.spawn(executor, child(log, "long", 3h));
    scope.spawn(executor, child(log, "short", 1h));

    loop.run(join(scope));

    CHECK(log.ended == std::vector<std::string>{"short", "long"});
    CHECK(loop.time->steady() == 3h);
}

TEST_CASE("a child may start siblings, and the join waits for them") {
    Loop loop;
    Log log;
    Scope scope;
    auto const executor = loop.context->get_executor();
    struct Parent {
        static awaitable<void> run(Scope& scope, Log& log) {
            auto executor = co_await boost::asio::this_coro::executor;
            co_await sleep_for(1h);
            scope.spawn(executor, child(log, "late", 1h));
        }
    };
    scope.spawn(executor, Parent::run(scope, log));

    loop.run(join(scope));

    CHECK(log.ended == std::vector<std::string>{"late"});
}

TEST_CASE("the first error cancels the siblings and is thrown by the join") {
    Loop loop;
    Log log;
    Scope scope;
    auto const executor = loop.context->get_executor();
    scope.spawn(executor, child(log, "sibling", 3h));
    scope.spawn(executor, failing(1h, "first"));
    scope.spawn(executor, failing(2h, "second"));

    auto const joining = loop.start(join(scope));
    loop.run();

    REQUIRE(joining->is_done);
    CHECK_THROWS_WITH(joining->rethrow(), "first");
    CHECK(log.ended == std::vector<std::string>{"sibling cancelled"});
    CHECK(loop.time->steady() >= 1h);
}

TEST_CASE("cancel asks all children to end, and is no error of the join") {
    Loop loop;
    Log log;
    Scope scope;
    auto const executor = loop.context->get_executor();
    scope.spawn(executor, child(log, "a", 3h));
    scope.spawn(executor, child(log, "b", 3h));
    loop.poll();

    scope.cancel();

    loop.run(join(scope));
    CHECK(log.ended == std::vector<std::string>{"a cancelled", "b cancelled"});
}

TEST_CASE("a child that is started after the cancellation is cancelled at once") {
    Loop loop;
    Log log;
    Scope scope;
    scope.cancel();
    scope.spawn(loop.context->get_executor(), child(log, "late", 3h));

    loop.run(join(scope));

    for (std::string const& end : log.ended)
        CHECK(end == "late cancelled");
    CHECK(loop.time->steady() == 0s);
}

TEST_CASE("cancelling the join cancels the children and waits for them") {
    Loop loop;
    Log log;
    Scope scope;
    scope.spawn(loop.context->get_executor(), slow_to_stop(log));
    auto const joining = loop.start(join(scope));
    loop.poll();

    loop.cancel(joining);
    loop.poll();
    CHECK_FALSE(joining->is_done);

    loop.run();
    REQUIRE(joining->is_done);
    CHECK(log.ended == std::vector<std::string>{"slow"});
}

TEST_CASE("children that end at once are not left behind") {
    Loop loop;
    Scope scope;
    struct Quick {
        static awaitable<void> run(int& count) {
            ++count;
            co_return;
        }
    };
    int count = 0;
    for (int i = 0; i < 1000; ++i)
        scope.spawn(loop.context->get_executor(), Quick::run(count));
    loop.run(join(scope));
    CHECK(count == 1000);
}

TEST_CASE("a scope that is destroyed cancels its children") {
    Loop loop;
    Log log;
    {
        Scope scope;
        scope.spawn(loop.context->get_executor(), child(log, "a", 3h));
        loop.poll();
    }
    loop.run();
    CHECK(log.ended == std::vector<std::string>{"a cancelled"});
}

TEST_CASE("a loop may be destroyed with children that run") {
    Log log;
    Scope scope;
    Loop loop;
    scope.spawn(loop.context->get_executor(), child(log, "a", 3h));
    auto const joining = loop.start(join(scope));
    loop.poll();
    loop.destroy();
    CHECK(log.ended.empty());
}

TEST_CASE("children may run on other threads and be cancelled from this one") {
    for (int round = 0; round < 50; ++round) {
        cohort::io::Loop first{"first"};
        cohort::io::Loop second{"second"};
        std::atomic<int> ended{0};
        struct Body {
            static awaitable<void> run(std::atomic<int>& ended) {
                try {
                    co_await sleep_for(1h);
                } catch (boost::system::system_error const&) {
                    ++ended;
                    throw;
                }
            }
        };
        Scope scope;
        for (int i = 0; i < 10; ++i) {
            scope.spawn(first.executor(), Body::run(ended));
            scope.spawn(second.executor(), Body::run(ended));
        }
        scope.cancel();
        boost::asio::io_context context{1};
        bool is_done = false;
        boost::asio::co_spawn(context, join(scope), [&](std::exception_ptr) { is_done = true; });
        context.run();
        CHECK(is_done);
        CHECK(ended <= 20);
    }
}

}  // namespace scope_test
