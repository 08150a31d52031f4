// SPDX-License-Identifier: MIT
// What is particular to loops of ours: there all who were woken share a turn, and all alarms a timer.
#include "io/alarm.hpp"
#include "io/loop.hpp"
#include "io/wake.hpp"

#include <cohort/run.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace home_test {

using namespace std::chrono_literals;
using cohort::awaitable;
using cohort::io::Alarm;
using cohort::io::Loop;
using cohort::io::Wake;
namespace asio = boost::asio;

namespace {

struct Witness {
    explicit Witness(int& its_count) : count{its_count} { ++count; }
    ~Witness() { --count; }
    Witness(Witness const&) = delete;
    Witness& operator=(Witness const&) = delete;

    int& count;
};

awaitable<void> wait_and_note(Wake& wake, std::string& notes, char note) {
    co_await wake.wait();
    notes += note;
}

awaitable<void> wait_with_witness(Wake& wake, int& frames, int& resumed) {
    Witness const witness{frames};
    co_await wake.wait();
    ++resumed;
}

// What was posted before has run.
void pass(Loop& loop) {
    std::promise<void> passed;
    asio::post(loop.executor(), [&] { passed.set_value(); });
    passed.get_future().get();
}

// Ends in the same turn in which another one was to go on.
awaitable<void> end_with(Wake& own, Wake& other, int& frames, int& resumed) {
    auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, wait_with_witness(other, frames, resumed), asio::detached);
    asio::post(executor, [&] {
        own.wake();
        other.wake();
    });
    co_await own.wait();
}

}  // namespace

TEST_CASE("who is woken goes on in the order of being woken, and once for each wake") {
    Wake a;
    Wake b;
    Wake c;
    std::string notes;
    Loop loop{"home"};
    for (auto [wake, note] : {std::pair{&a, 'a'}, {&b, 'b'}, {&c, 'c'}})
        asio::co_spawn(loop.executor(), wait_and_note(*wake, notes, note), asio::detached);
    pass(loop);
    asio::post(loop.executor(), [&] {
        for (auto const* wake : {&c, &a, &a, &b, &c})
            wake->wake();
    });
    pass(loop);
    pass(loop);
    CHECK(notes == "cab");
}

TEST_CASE("one who ends by an exception keeps nobody from going on") {
    Wake first;
    Wake second;
    std::string notes;
    Loop loop{"home"};
    auto rethrow = [](std::exception_ptr) { throw std::runtime_error{"out into the loop"}; };
    asio::co_spawn(loop.executor(), wait_and_note(first, notes, '1'), rethrow);
    asio::co_spawn(loop.executor(), wait_and_note(second, notes, '2'), asio::detached);
    pass(loop);
    asio::post(loop.executor(), [&] {
        first.wake();
        second.wake();
    });
    pass(loop);
    pass(loop);
    pass(loop);
    CHECK(notes == "12");
}

TEST_CASE("a loop that ends destroys who was woken and has not gone on") {
    int frames = 0;
    int resumed = 0;
    Wake wake;
    {
        Loop loop{"home"};
        asio::co_spawn(loop.executor(), wait_with_witness(wake, frames, resumed), asio::detached);
        pass(loop);
        std::promise<void> held;
        std::promise<void> go_on;
        asio::post(loop.executor(), [&] {
            held.set_value();
            go_on.get_future().get();
        });
        held.get_future().get();
        wake.wake();
        CHECK(frames == 1);
        CHECK_FALSE(loop.end_within(1us));  // it stops behind what runs now
        go_on.set_value();
        // The thread holds the loop's context, and lets go of it when it has ended.
        auto const end = std::chrono::steady_clock::now() + 10s;
        while (frames > 0 && std::chrono::steady_clock::now() < end)
            std::this_thread::yield();
    }
    CHECK(frames == 0);
    CHECK(resumed == 0);
}

TEST_CASE("when the program has ended, nobody goes on who was woken together with it") {
    int frames = 0;
    int resumed = 0;
    Wake own;
    Wake other;
    cohort::run(end_with(own, other, frames, resumed));
    CHECK(frames == 0);
    CHECK(resumed == 0);
}

TEST_CASE("alarms of a real loop ring in the order of their times, whatever the order of setting") {
    Loop loop{"home"};
    std::promise<std::string> rung;
    asio::post(loop.executor(), [&] {
        auto notes = std::make_shared<std::string>();
        auto alarms = std::make_shared<std::vector<std::unique_ptr<Alarm>>>();
        auto const set = [&](cohort::Duration span, char note) {
            alarms->push_back(
                std::make_unique<Alarm>(loop.executor(), span, [notes, note] { *notes += note; }));
        };
        set(1h, 'x');
        set(6ms, 'c');
        set(3ms, 'b');
        set(2ms, 'y');
        set(1ms, 'a');
        alarms->erase(alarms->begin() + 3);
        // Those that are more than ten milliseconds off stand in no order at first.
        set(26ms, 'f');
        set(11ms, 'z');
        set(12ms, 'd');
        set(24ms, 'e');
        alarms->erase(alarms->begin() + 5);
        alarms->push_back(std::make_unique<Alarm>(loop.executor(), 30ms, [&rung, notes, alarms] {
            rung.set_value(*notes);
            alarms->clear();  // they hold one another
        }));
    });
    CHECK(rung.get_future().get() == "abcdef");
}

}  // namespace home_test
