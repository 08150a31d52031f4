// SPDX-License-Identifier: MIT
#include "io/readable.hpp"

#include <cohort/run.hpp>

#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <sys/eventfd.h>
#include <unistd.h>

namespace readable_test {

using namespace cohort;
using io::Readable;
using io::Wake;

namespace {

// A descriptor that others write to and read from.
class Counter {
public:
    ~Counter() { ::close(fd); }
    void write() const { REQUIRE(::eventfd_write(fd, 1) == 0); }
    void read() const {
        eventfd_t value = 0;
        REQUIRE(::eventfd_read(fd, &value) == 0);
    }

    int const fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
};

constexpr Duration long_enough = 10s;  // only a failure takes so long
constexpr Duration a_moment =
    20ms;  // to see that nothing comes, on the real clock: the system's part is real

awaitable<void> look_twice_at_one() {
    auto executor = co_await boost::asio::this_coro::executor;
    Counter const counter;
    auto const first = std::make_shared<Wake>();
    auto const second = std::make_shared<Wake>();
    Readable one{executor, counter.fd, first};
    Readable other{executor, counter.fd, second};
    one.arm();
    other.arm();
    counter.write();
    bool const first_woken = co_await first->wait_for(long_enough);
    bool const second_woken = co_await second->wait_for(long_enough);
    CHECK(first_woken);
    CHECK(second_woken);
}

awaitable<void> arm_once_and_again() {
    auto executor = co_await boost::asio::this_coro::executor;
    Counter const counter;
    auto const wake = std::make_shared<Wake>();
    Readable readable{executor, counter.fd, wake};
    readable.arm();
    readable.arm();
    counter.write();
    bool const armed = co_await wake->wait_for(long_enough);
    CHECK(armed);

    counter.read();
    counter.write();
    bool const not_armed = co_await wake->wait_for(a_moment);
    CHECK_FALSE(not_armed);
    readable.arm();
    bool const there_before = co_await wake->wait_for(long_enough);
    CHECK(there_before);
}

awaitable<void> end_while_armed() {
    auto executor = co_await boost::asio::this_coro::executor;
    Counter const counter;
    auto const wake = std::make_shared<Wake>();
    {
        Readable readable{executor, counter.fd, wake};
        readable.arm();
    }
    counter.write();
    bool const woken = co_await wake->wait_for(a_moment);
    CHECK_FALSE(woken);
    counter.read();  // it is still open
}

awaitable<void> look_at_none() {
    auto executor = co_await boost::asio::this_coro::executor;
    auto const wake = std::make_shared<Wake>();
    Readable readable{executor, -1, wake};
    readable.arm();
    bool const woken = co_await wake->wait_for(1ms);
    CHECK_FALSE(woken);
}

}  // namespace

TEST_CASE("two may wait for one descriptor on one executor") {
    run(look_twice_at_one());
}

TEST_CASE("what can be read wakes once for each arming, also when it was there before") {
    run(arm_once_and_again());
}

TEST_CASE("who no longer looks at a descriptor is not woken, and leaves it open") {
    run(end_while_armed());
}

TEST_CASE("no descriptor is never readable") {
    run(look_at_none());
}

}  // namespace readable_test
