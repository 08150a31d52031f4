// SPDX-License-Identifier: MIT
#include "io/aborted.hpp"
#include "io/loop.hpp"
#include "io/wake.hpp"
#include "virtual_loop.hpp"

#include <atomic>
#include <thread>

namespace wake_test {

using namespace io_test;
using cohort::io::is_aborted;
using cohort::io::Wake;

namespace {

awaitable<void> count_wakes(Wake& wake, int& count) {
    for (;;) {
        co_await wake.wait();
        ++count;
    }
}

awaitable<void> wait_once(Wake& wake) {
    co_await wake.wait();
}

awaitable<void> wait_quietly_once(Wake& wake, std::optional<bool>& woken) {
    woken = co_await wake.wait_quietly();
}

awaitable<void> wait_for_once(Wake& wake, Duration span, std::optional<bool>& in_time) {
    in_time = co_await wake.wait_for(span);
}

// Says when its frame is destroyed.
struct Witness {
    explicit Witness(int& its_count) : count{its_count} { ++count; }
    ~Witness() { --count; }
    Witness(Witness const&) = delete;
    Witness& operator=(Witness const&) = delete;

    int& count;
};

awaitable<void> wait_in_own_frame(int& frames) {
    Witness const witness{frames};
    Wake wake;
    co_await wake.wait();
}

awaitable<void> wait_with_witness(Wake& wake, int& frames) {
    Witness const witness{frames};
    co_await wake.wait();
}

}  // namespace

TEST_CASE("a wake before the wait lets it end at once") {
    Loop loop;
    Wake wake;
    wake.wake();
    loop.run(wait_once(wake));
    CHECK(loop.time->steady() == 0s);
}

TEST_CASE("a wake after the wait ends it") {
    Loop loop;
    Wake wake;
    auto const waiting = loop.start(wait_once(wake));
    loop.run();
    CHECK_FALSE(waiting->is_done);

    wake.wake();

    loop.run();
    CHECK(waiting->is_done);
    CHECK_FALSE(waiting->error);
}

TEST_CASE("waking twice is waking once") {
    Loop loop;
    Wake wake;
    int count = 0;
    wake.wake();
    wake.wake();
    auto const counting = loop.start(count_wakes(wake, count));
    loop.run();
    CHECK(count == 1);

    wake.wake();
    loop.run();
    CHECK(count == 2);
}

TEST_CASE("a wake from within the loop does not resume the waiter in its caller's frame") {
    Loop loop;
    Wake wake;
    int count = 0;
    auto const counting = loop.start(count_wakes(wake, count));
    loop.run();
    boost::asio::post(*loop.context, [&] {
        wake.wake();
        CHECK(count == 0);
    });
    loop.run();
    CHECK(count == 1);
}

TEST_CASE("a cancelled wait throws, and a quiet one says so") {
    Loop loop;
    Wake wake;
    auto const loud = loop.start(wait_once(wake));
    loop.poll();
    loop.cancel(loud);
    loop.run();
    REQUIRE(loud->is_done);
    CHECK(is_aborted(loud->error));

    std::optional<bool> woken;
    auto const quiet = loop.start(wait_quietly_once(wake, woken));
    loop.poll();
    loop.cancel(quiet);
    loop.run();
    REQUIRE(quiet->is_done);
    CHECK_FALSE(quiet->error);
    CHECK(woken == false);
}

TEST_CASE("a wake after a cancelled wait is not lost") {
    Loop loop;
    Wake wake;
    auto const cancelled = loop.start(wait_once(wake));
    loop.poll();
    loop.cancel(cancelled);
    loop.poll();
    wake.wake();

    loop.run(wait_once(wake));
}

TEST_CASE("cancelling a wait that was woken in the same moment leaves it woken") {
    Loop loop;
    Wake wake;
    auto const waiting = loop.start(wait_once(wake));
    loop.poll();
    wake.wake();
    boost::asio::post(*loop.context, [&] { waiting->signal.emit(boost::asio::cancellation_type::terminal); });
    loop.run();
    CHECK(waiting->is_done);
    CHECK_FALSE(waiting->error);
}

TEST_CASE("a wait with a limit ends by a wake or by the limit") {
    Loop loop;
    Wake wake;
    std::optional<bool> in_time;
    loop.run(wait_for_once(wake, 3h, in_time));
    CHECK(in_time == false);
    CHECK(loop.time->steady() == 3h);

    auto const waiting = loop.start(wait_for_once(wake, 3h, in_time));
    loop.poll();
    wake.wake();
    loop.poll();
    CHECK(waiting->is_done);
    CHECK(in_time == true);
    CHECK(loop.time->steady() == 3h);
}

TEST_CASE("the limit of an earlier wait does not end a later one") {
    Loop loop;
    Wake wake;
    std::optional<bool> in_time;
    auto const first = loop.start(wait_for_once(wake, 1h, in_time));
    loop.poll();
    wake.wake();
    loop.poll();
    REQUIRE(first->is_done);

    auto const second = loop.start(wait_once(wake));
    loop.run();
    CHECK_FALSE(second->is_done);
    CHECK(loop.time->steady() == 0s);  // the alarm of the first is gone
}

TEST_CASE("a limit of nothing or less ends the wait at once") {
    Loop loop;
    Wake wake;
    for (Duration const span : {Duration{0}, Duration{-5s}, Duration::min()}) {
        std::optional<bool> in_time;
        loop.run(wait_for_once(wake, span, in_time));
        CHECK(in_time == false);
    }
    CHECK(loop.time->steady() == 0s);
}

TEST_CASE("a limit as long as time goes is no limit") {
    Loop loop;
    Wake wake;
    std::optional<bool> in_time;
    auto const waiting = loop.start(wait_for_once(wake, Duration::max(), in_time));
    loop.poll();
    CHECK_FALSE(waiting->is_done);
    wake.wake();
    loop.poll();
    CHECK(in_time == true);
}

TEST_CASE("a cancelled wait with a limit throws") {
    Loop loop;
    Wake wake;
    std::optional<bool> in_time;
    auto const waiting = loop.start(wait_for_once(wake, 1h, in_time));
    loop.poll();
    loop.cancel(waiting);
    loop.poll();
    REQUIRE(waiting->is_done);
    CHECK(is_aborted(waiting->error));
}

TEST_CASE("destroying the loop destroys what waits on it, also a wait whose event is in its own frame") {
    int frames = 0;
    Wake outside;
    {
        Loop loop;
        for (int i = 0; i < 3; ++i)
            loop.start(wait_in_own_frame(frames));
        loop.start(wait_with_witness(outside, frames));
        loop.poll();
        CHECK(frames == 4);
        loop.destroy();
    }
    CHECK(frames == 0);

    outside.wake();  // nobody is there any more
    Loop next;
    next.run(wait_once(outside));
}

TEST_CASE("destroying the loop with a woken waiter that has not resumed yet destroys it") {
    int frames = 0;
    Wake wake;
    Loop loop;
    loop.start(wait_with_witness(wake, frames));
    loop.poll();
    wake.wake();
    loop.destroy();
    CHECK(frames == 0);
}

TEST_CASE("an event may be destroyed while somebody waits: the wait never ends") {
    int frames = 0;
    Loop loop;
    {
        auto wake = std::make_unique<Wake>();
        loop.start(wait_with_witness(*wake, frames));
        loop.poll();
    }
    loop.poll();
    CHECK(frames == 1);
    loop.destroy();
    CHECK(frames == 0);
}

TEST_CASE("wakes from other threads are all seen") {
    constexpr int rounds = 2000;
    boost::asio::io_context context{1};
    Wake ping;
    Wake pong;
    std::atomic<int> seen{0};
    struct Player {
        static awaitable<void> play(Wake& hear, Wake& say, std::atomic<int>& count) {
            for (int i = 0; i < rounds; ++i) {
                co_await hear.wait();
                ++count;
                say.wake();
            }
        }
    };
    boost::asio::io_context other{1};
    boost::asio::co_spawn(context, Player::play(ping, pong, seen), [](std::exception_ptr) {});
    boost::asio::co_spawn(other, Player::play(pong, ping, seen), [](std::exception_ptr) {});
    ping.wake();
    std::thread thread{[&] { other.run(); }};
    context.run();
    thread.join();
    CHECK(seen == 2 * rounds);
}

TEST_CASE("the waiter resumes on its own thread") {
    cohort::io::Loop loop{"wake-test"};
    Wake wake;
    std::atomic<int> state{0};
    struct Body {
        static awaitable<void> wait(Wake& wake, cohort::io::Loop& loop, std::atomic<int>& state) {
            co_await wake.wait();
            state = loop.is_this_thread() ? 1 : 2;
            state.notify_all();
        }
    };
    boost::asio::co_spawn(loop.executor(), Body::wait(wake, loop, state), [](std::exception_ptr) {});
    wake.wake();
    state.wait(0);
    CHECK(state == 1);
}

TEST_CASE("a loop may be destroyed while another thread wakes its waiters") {
    for (int round = 0; round < 200; ++round) {
        Wake wake;
        std::atomic<bool> stop{false};
        std::thread waker{[&] {
            while (!stop)
                wake.wake();
        }};
        {
            boost::asio::io_context context{1};
            int count = 0;
            boost::asio::co_spawn(context, count_wakes(wake, count), [](std::exception_ptr) {});
            for (int i = 0; i < 20; ++i)
                context.poll();
        }
        stop = true;
        waker.join();
    }
}

}  // namespace wake_test
