// SPDX-License-Identifier: MIT
#include "io/loop.hpp"

#include <cohort/log.hpp>
#include <cohort/sleep.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <stdexcept>

namespace loop_test {

using namespace std::chrono_literals;
using cohort::io::Loop;

TEST_CASE("what is posted to a loop runs on its thread, one at a time and in order") {
    std::vector<int> order;
    std::promise<bool> last;
    Loop loop{"a name that is longer than sixteen characters"};
    CHECK_FALSE(loop.is_this_thread());
    for (int i = 0; i < 100; ++i)
        boost::asio::post(loop.executor(), [&order, i] { order.push_back(i); });
    boost::asio::post(loop.executor(), [&] { last.set_value(loop.is_this_thread()); });
    CHECK(last.get_future().get());
    REQUIRE(order.size() == 100);
    CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("an exception that reaches a loop is logged, and the loop goes on") {
    std::promise<std::string> logged;
    cohort::set_log_sink(
        [&](cohort::LogLevel, std::string_view line) { logged.set_value(std::string{line}); });
    std::promise<void> alive;
    {
        Loop loop{"throws"};
        boost::asio::post(loop.executor(), [] { throw std::runtime_error{"out of\npaper"}; });
        boost::asio::post(loop.executor(), [&] { alive.set_value(); });
        alive.get_future().wait();
    }
    cohort::set_log_sink({});
    std::string const line = logged.get_future().get();
    CHECK(line.find("throws") != std::string::npos);
    CHECK(line.find("out of") != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("destroying a loop destroys what waits on it") {
    auto const owned = std::make_shared<int>(1);
    struct Body {
        static cohort::awaitable<void> sleep(std::shared_ptr<int> held) {
            co_await cohort::sleep_for(1h);
            *held = 2;
        }
    };
    {
        Loop loop{"sleeps"};
        std::promise<void> started;
        boost::asio::co_spawn(loop.executor(), Body::sleep(owned), [](std::exception_ptr) {});
        boost::asio::post(loop.executor(), [&] { started.set_value(); });
        started.get_future().wait();
        CHECK(owned.use_count() > 1);
    }
    CHECK(owned.use_count() == 1);
}

TEST_CASE("loops come and go") {
    std::atomic<int> count{0};
    for (int i = 0; i < 50; ++i) {
        Loop loop{"short"};
        boost::asio::post(loop.executor(), [&] { ++count; });
    }
    CHECK(count <= 50);
}

}  // namespace loop_test
