// SPDX-License-Identifier: MIT
#include "broker/gather.hpp"
#include "support/async_test.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <vector>

namespace gather_test {

using namespace std::chrono_literals;
using cohort::awaitable;
using cohort::errc;
using cohort::Error;
using cohort::testing::Loop;

namespace {

struct Number {
    int value = 0;
};

// A server that takes a second for each call, and answers each number with the next one.
struct Server {
    explicit Server(std::uint32_t at_once)
        : gather{[this](std::vector<Number> numbers) { return answer(std::move(numbers)); }, 500, at_once} {}

    awaitable<std::vector<int>> answer(std::vector<Number> numbers) {
        sizes.push_back(numbers.size());
        most_under_way = std::max(most_under_way, ++under_way);
        co_await cohort::sleep_for(1s);
        --under_way;
        std::vector<int> replies;
        for (Number const& number : numbers)
            replies.push_back(number.value + 1);
        co_return replies;
    }

    awaitable<void> ask(int value) {
        try {
            Number number{value};
            int const reply = co_await gather.ask(std::move(number));
            CHECK(reply == value + 1);
            ++answered;
        } catch (Error const& error) {
            CHECK(error.which() == errc::uncertain);
            ++uncertain;
        }
    }

    void start(Loop& loop, int value) {
        boost::asio::co_spawn(loop.executor(), ask(value), [](std::exception_ptr) {});
    }
    void start(Loop& loop, int from, int to) {
        for (int value = from; value < to; ++value)
            start(loop, value);
    }

    std::vector<std::size_t> sizes;
    int under_way = 0;
    int most_under_way = 0;
    int answered = 0;
    int uncertain = 0;
    cohort::Gather<Number, int> gather;
};

}  // namespace

TEST_CASE("who asks while a call is under way shares the next one") {
    Loop loop;
    Server server{1};
    server.start(loop, 0, 10);
    loop.run(cohort::sleep_for(100ms));
    server.start(loop, 10, 200);
    loop.run(cohort::sleep_for(5s));
    CHECK(server.answered == 200);
    CHECK(server.sizes == std::vector<std::size_t>{10, 190});
    CHECK(server.most_under_way == 1);
}

TEST_CASE("where calls may go beside each other, one goes when a good number wait") {
    Loop loop;
    Server server{2};
    server.start(loop, 0, 10);
    loop.run(cohort::sleep_for(100ms));
    server.start(loop, 10, 40);
    loop.run(cohort::sleep_for(100ms));
    CHECK(server.sizes == std::vector<std::size_t>{10});  // these are few, and the answer comes soon
    server.start(loop, 40, 600);
    loop.run(cohort::sleep_for(100ms));
    CHECK(server.under_way == 2);
    loop.run(cohort::sleep_for(10s));
    CHECK(server.answered == 600);
    CHECK(server.most_under_way == 2);
    CHECK(*std::max_element(server.sizes.begin(), server.sizes.end()) <= 128);
    // And all slots are free again.
    server.start(loop, 600, 1000);
    loop.run(cohort::sleep_for(10s));
    CHECK(server.answered == 1000);
    CHECK(server.under_way == 0);
}

TEST_CASE("who is destroyed while it waits holds up nobody") {
    auto const at_once = GENERATE(1U, 2U);
    Server server{at_once};
    Loop loop;
    server.start(loop, 0);
    loop.run(cohort::sleep_for(100ms));
    {
        Loop other;
        server.start(other, 1, 100);
        other.run(cohort::sleep_for(100ms));
    }
    server.start(loop, 100, 102);
    loop.run(cohort::sleep_for(5s));
    CHECK(server.answered == 3);
}

TEST_CASE("who is destroyed with the call that it makes for all leaves them uncertain, and others go on") {
    Server server{1};
    Loop loop;
    server.start(loop, 0);
    loop.run(cohort::sleep_for(100ms));
    {
        Loop other;
        server.start(other, 1);
        other.run(cohort::sleep_for(1ms));
        server.start(loop, 2);
        loop.run(cohort::sleep_for(2s));  // the first call ends, and the one in the other loop is to lead
        other.run(cohort::sleep_for(1ms));
        CHECK(server.sizes == std::vector<std::size_t>{1, 2});
    }
    server.start(loop, 3);
    loop.run(cohort::sleep_for(5s));
    CHECK(server.uncertain == 1);
    CHECK(server.answered == 2);
}

}  // namespace gather_test
