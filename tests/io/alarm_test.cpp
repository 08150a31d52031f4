// SPDX-License-Identifier: MIT
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "io/loop.hpp"
#include "virtual_loop.hpp"

#include <cohort/sleep.hpp>

#include <future>
#include <vector>

namespace alarm_test {

using namespace io_test;
using cohort::sleep_for;
using cohort::io::Alarm;
using cohort::io::is_aborted;

namespace {

awaitable<void> sleep_then_note(Duration span, std::vector<Duration>& notes) {
    co_await sleep_for(span);
    notes.push_back(span);
}

}  // namespace

TEST_CASE("alarms ring in the order of their times, equal ones in the order of setting") {
    Loop loop;
    auto const executor = loop.context->get_executor();
    std::string rung;
    Alarm const c{executor, 3h, [&] { rung += 'c'; }};
    Alarm const a{executor, 1h, [&] { rung += 'a'; }};
    Alarm const d{executor, 3h, [&] { rung += 'd'; }};
    Alarm const b{executor, 2h, [&] { rung += 'b'; }};
    loop.run();
    CHECK(rung == "abcd");
}

TEST_CASE("an alarm that is destroyed does not ring") {
    Loop loop;
    int rung = 0;
    {
        Alarm const alarm{loop.context->get_executor(), 1h, [&] { ++rung; }};
    }
    loop.run();
    CHECK(rung == 0);
}

TEST_CASE("sleeping three hours costs no time, and many sleepers wake in order") {
    Loop loop;
    std::vector<Duration> notes;
    auto const long_sleep = loop.start(sleep_then_note(3h, notes));
    auto const short_sleep = loop.start(sleep_then_note(1s, notes));
    loop.run(sleep_then_note(1min, notes));
    CHECK(notes == std::vector<Duration>{1s, 1min, 3h});
    CHECK(loop.time->steady() == 3h);
}

TEST_CASE("a sleep of nothing or less ends at once") {
    Loop loop;
    std::vector<Duration> notes;
    loop.run(sleep_then_note(0s, notes));
    loop.run(sleep_then_note(-1h, notes));
    CHECK(loop.time->steady() == 0s);
}

TEST_CASE("a cancelled sleep throws operation_aborted") {
    Loop loop;
    std::vector<Duration> notes;
    auto const sleeping = loop.start(sleep_then_note(3h, notes));
    loop.poll();
    loop.cancel(sleeping);
    loop.poll();
    REQUIRE(sleeping->is_done);
    CHECK(is_aborted(sleeping->error));
}

TEST_CASE("real timers ring on a real loop") {
    cohort::io::Loop loop{"alarms"};
    std::promise<bool> rung;
    std::shared_ptr<Alarm> alarm;
    boost::asio::post(loop.executor(), [&] {
        alarm = std::make_shared<Alarm>(loop.executor(), Duration{1ms},
                                        [&] { rung.set_value(loop.is_this_thread()); });
    });
    CHECK(rung.get_future().get());
}

}  // namespace alarm_test
