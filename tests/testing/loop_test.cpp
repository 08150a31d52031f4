// SPDX-License-Identifier: MIT
#include "io/wake.hpp"
#include "support/async_test.hpp"

#include <cohort/client.hpp>

#include <boost/asio/co_spawn.hpp>

#include <string>
#include <vector>

using namespace std::chrono_literals;
using cohort::awaitable;
using cohort::Duration;
using cohort::sleep_for;
using cohort::testing::Loop;
using cohort::testing::Stuck;

namespace {

awaitable<std::string> answer_after(Duration span) {
    co_await sleep_for(span);
    co_return "answer";
}

awaitable<void> wait_for_nobody() {
    cohort::io::Wake wake;
    co_await wake.wait();
}

awaitable<void> fail() {
    co_await sleep_for(1s);
    throw std::runtime_error{"broken"};
}

awaitable<void> note_after(std::vector<int>& notes, int note, Duration span) {
    co_await sleep_for(span);
    notes.push_back(note);
}

std::string text_of_stuck(Loop& loop, awaitable<void> test) {
    try {
        loop.run(std::move(test));
    } catch (Stuck const& stuck) {
        return stuck.what();
    }
    return {};
}

}  // namespace

ASYNC_TEST_CASE("sleeping three hours costs nothing") {
    auto const start = loop.clock().steady();
    co_await sleep_for(3h);
    CHECK(loop.clock().steady() - start == 3h);
}

ASYNC_TEST_CASE("a test may have tags", "[tags]") {
    CHECK(loop.clock().steady() == 0s);
    co_return;
}

TEST_CASE("a run returns what the coroutine returns and throws what it throws") {
    Loop loop;
    CHECK(loop.run(answer_after(1h)) == "answer");
    CHECK_THROWS_WITH(loop.run(fail()), "broken");
    CHECK(loop.run(answer_after(1h)) == "answer");
    CHECK(loop.clock().steady() == 2h + 1s);
}

TEST_CASE("every loop begins at the same time") {
    Loop loop;
    CHECK(cohort::to_string(loop.clock().now()).starts_with("2001-09-09T01:46:40"));
}

TEST_CASE("timers end in the order of their times, equal ones in the order in which they began") {
    Loop loop;
    std::vector<int> notes;
    auto const ignore = [](std::exception_ptr) {};
    boost::asio::co_spawn(loop.executor(), note_after(notes, 3, 2s), ignore);
    boost::asio::co_spawn(loop.executor(), note_after(notes, 1, 1s), ignore);
    boost::asio::co_spawn(loop.executor(), note_after(notes, 2, 1s), ignore);
    loop.run(note_after(notes, 4, 3s));
    CHECK(notes == std::vector{1, 2, 3, 4});
}

TEST_CASE("a test that waits for what can never happen is told so, with the time") {
    Loop loop;
    loop.run(note_after(*std::make_unique<std::vector<int>>(), 1, 90min));

    std::string const text = text_of_stuck(loop, wait_for_nobody());

    CHECK(text.find("deadlock") != std::string::npos);
    CHECK(text.find("2001-09-09T03:16:40") != std::string::npos);
}

TEST_CASE("a test that takes longer than a day is told so") {
    Loop loop;
    std::vector<int> notes;
    std::string const text = text_of_stuck(loop, note_after(notes, 1, 25h));
    CHECK(text.find("has not ended in " + cohort::to_string(Duration{24h})) != std::string::npos);
    CHECK(notes.empty());

    // It goes on in the next run.
    loop.run(note_after(notes, 2, 2h));
    CHECK(notes == std::vector{1, 2});
}

TEST_CASE("the longest run can be set") {
    Loop loop{24h * 60};
    CHECK(loop.run(answer_after(24h * 30)) == "answer");
}

TEST_CASE("a stuck test with a result may go on in a later run") {
    Loop loop;
    CHECK_THROWS_AS(loop.run(answer_after(25h)), Stuck);
    CHECK(loop.run(answer_after(2h)) == "answer");
}

TEST_CASE("a loop may be destroyed while a test waits in a broker") {
    Loop loop;
    auto const broker = loop.make_broker();
    struct Body {
        static awaitable<void> watch(std::shared_ptr<cohort::Broker> broker) {
            cohort::WatchParams params;
            params.client = "c1";
            params.wait = 48h;
            auto operation = broker->watch(params);
            co_await std::move(operation);
        }
    };
    CHECK_THROWS_AS(loop.run(Body::watch(broker)), Stuck);
}
