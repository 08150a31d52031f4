// SPDX-License-Identifier: MIT
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "io/timeout.hpp"
#include "io/wake.hpp"
#include "virtual_loop.hpp"

#include <cohort/error.hpp>
#include <cohort/sleep.hpp>

#include <boost/asio/this_coro.hpp>

#include <string>

namespace timeout_test {

using namespace io_test;
using cohort::errc;
using cohort::Error;
using cohort::sleep_for;
using cohort::io::is_aborted;
using cohort::io::Wake;
using cohort::io::with_timeout;

namespace {

awaitable<std::string> answer_after(Duration span) {
    co_await sleep_for(span);
    co_return "answer";
}

awaitable<void> fail_after(Duration span) {
    co_await sleep_for(span);
    throw std::runtime_error{"broken"};
}

// Notices the cancellation, and takes its time to clean up.
awaitable<std::string> answer_all_the_same(Wake& wake) {
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    bool const woken = co_await wake.wait_quietly();
    co_await boost::asio::this_coro::reset_cancellation_state();
    co_await sleep_for(10s);
    co_return woken ? "woken" : "cancelled";
}

// Goes on for a while whatever happens.
awaitable<void> ignore(Duration span, bool& is_over) {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
    co_await sleep_for(span);
    is_over = true;
}

awaitable<void> ask(Duration work, Duration limit, std::string& answer) {
    answer = co_await with_timeout(answer_after(work), limit);
}

awaitable<void> ask_stubborn(Wake& wake, Duration limit, std::string& answer) {
    answer = co_await with_timeout(answer_all_the_same(wake), limit);
}

errc code_of(std::exception_ptr const& error) {
    try {
        if (error) std::rethrow_exception(error);
    } catch (Error const& e) {
        return e.which();
    } catch (...) {
        return errc::aborted;
    }
    return errc::ok;
}

}  // namespace

TEST_CASE("an operation that ends in time has its result") {
    Loop loop;
    std::string answer;
    loop.run(ask(1s, 2s, answer));
    CHECK(answer == "answer");
    CHECK(loop.time->steady() == 1s);
}

TEST_CASE("an operation that is late is cancelled, and the caller is told timed_out") {
    Loop loop;
    std::string answer;
    auto const asking = loop.start(ask(3h, 2s, answer));
    loop.run();
    REQUIRE(asking->is_done);
    CHECK(code_of(asking->error) == errc::timed_out);
    CHECK(answer.empty());
}

TEST_CASE("a limit of nothing cancels at once") {
    Loop loop;
    std::string answer;
    auto const asking = loop.start(ask(1s, 0s, answer));
    loop.poll();
    REQUIRE(asking->is_done);
    CHECK(code_of(asking->error) == errc::timed_out);
}

TEST_CASE("an operation that is done at once has its result, whatever the limit") {
    Loop loop;
    std::string answer;
    struct Quick {
        static awaitable<std::string> now() { co_return "now"; }
        static awaitable<void> ask(std::string& answer) { answer = co_await with_timeout(now(), 0s); }
    };
    loop.run(Quick::ask(answer));
    CHECK(answer == "now");
}

TEST_CASE("an operation that ends with a result in spite of the cancellation has that result") {
    Loop loop;
    Wake wake;
    std::string answer;
    loop.run(ask_stubborn(wake, 1s, answer));
    CHECK(answer == "cancelled");
    CHECK(loop.time->steady() == 11s);
}

TEST_CASE("an operation that ignores cancellation is waited for") {
    Loop loop;
    bool is_over = false;
    struct Body {
        static awaitable<void> run(bool& is_over) { co_await with_timeout(ignore(1h, is_over), 1s); }
    };
    loop.run(Body::run(is_over));
    CHECK(is_over);
    CHECK(loop.time->steady() == 1h);
}

TEST_CASE("what the operation throws comes through, before the limit and after it") {
    Loop loop;
    struct Body {
        static awaitable<void> run(Duration limit) { co_await with_timeout(fail_after(1s), limit); }
    };
    auto const failing = loop.start(Body::run(2s));
    loop.run();
    CHECK_THROWS_WITH(failing->rethrow(), "broken");
}

TEST_CASE("cancelling the caller cancels the operation, and is not a time-out") {
    Loop loop;
    std::string answer;
    auto const asking = loop.start(ask(3h, 2h, answer));
    loop.poll();
    loop.cancel(asking);
    loop.poll();
    REQUIRE(asking->is_done);
    CHECK(is_aborted(asking->error));
    CHECK(loop.time->steady() == 0s);
}

TEST_CASE("a cancelled caller gets the result of an operation that ends with one") {
    Loop loop;
    Wake wake;
    std::string answer;
    auto const asking = loop.start(ask_stubborn(wake, 1h, answer));
    loop.poll();
    loop.cancel(asking);
    loop.run();
    REQUIRE(asking->is_done);
    CHECK_FALSE(asking->error);
    CHECK(answer == "cancelled");
}

TEST_CASE("limits may be nested: the shorter one counts") {
    Loop loop;
    struct Body {
        static awaitable<void> run(Duration inner, Duration outer, std::string& answer) {
            auto operation = with_timeout(answer_after(3h), inner);
            answer = co_await with_timeout(std::move(operation), outer);
        }
    };
    std::string answer;
    auto const first = loop.start(Body::run(1s, 1h, answer));
    loop.run();
    CHECK(code_of(first->error) == errc::timed_out);
    CHECK(loop.time->steady() == 1s);

    auto const second = loop.start(Body::run(1h, 1s, answer));
    loop.run();
    CHECK(code_of(second->error) == errc::timed_out);
    CHECK(loop.time->steady() == 2s);
}

TEST_CASE("a loop may be destroyed while an operation with a limit runs") {
    std::string answer;
    Wake wake;
    Loop loop;
    loop.start(ask(3h, 2h, answer));
    loop.start(ask_stubborn(wake, 2h, answer));
    loop.poll();
    loop.destroy();
}

}  // namespace timeout_test
