// SPDX-License-Identifier: MIT
// Several processes on one file: what one does to the others. These measure, print what they found, and take
// their time; the bounds are meant for an optimised build on a machine that has nothing else to do.
#include "fork.hpp"
#include "io/timeout.hpp"
#include "shared_memory.hpp"
#include "sqlite_database.hpp"
#include "support.hpp"

#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <iostream>
#include <thread>

namespace company_test {

using namespace cohort;
using namespace test;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

double millis(Clock::duration span) {
    return std::chrono::duration<double, std::milli>{span}.count();
}

// The longest time between two ticks that should be 1 ms apart.
class Gap {
public:
    void tick() {
        auto const now = Clock::now();
        longest_ = std::max(longest_, now - last_);
        last_ = now;
    }
    Clock::duration longest() const { return longest_; }

private:
    Clock::time_point last_ = Clock::now();
    Clock::duration longest_{};
};

awaitable<void> tick_on_loop(Gap& gap, std::atomic<bool> const& over) {
    while (!over) {
        co_await sleep_for(1ms);
        gap.tick();
    }
}

// Everything that a program asks of a broker, again and again, each time for a second at most.
awaitable<void> ask(std::shared_ptr<Broker> broker, int i, std::atomic<bool> const& over,
                    std::atomic<int>& refused) {
    for (int n = 0; !over; ++n) {
        std::vector<NewJob> jobs{make_job(std::to_string(i) + "." + std::to_string(n))};
        std::vector<JobRef> refs{jobs.front().ref};
        try {
            auto push = io::with_timeout(broker->push(std::move(jobs)), 1s);
            co_await std::move(push);
        } catch (Error const&) {
            ++refused;
        }
        auto read = io::with_timeout(broker->results(std::move(refs)), 1s);
        co_await std::move(read);
    }
}

constexpr int processes = 4;
struct Figures {
    std::array<std::atomic<std::uint64_t>, processes> jobs{};
    std::array<std::atomic<std::int64_t>, processes> longest_beat_us{};
    std::atomic<int> ready = 0;
    std::atomic<bool> go = false;
    std::atomic<bool> over = false;
};

// As fast as it can: pushes, claims and settles twenty jobs at a time, and beats beside it.
void saturate(std::string const& url, int index, Figures& figures) {
    auto const at = static_cast<std::size_t>(index);
    auto const broker = open(url);
    std::string const worker = "w" + std::to_string(index);
    std::string const queue = "q" + worker;
    run(broker->enlist(make_worker(worker, {queue})));
    ++figures.ready;
    while (!figures.go)
        std::this_thread::sleep_for(1ms);
    std::thread heart{[&] {
        while (!figures.over) {
            std::this_thread::sleep_for(50ms);
            auto const begun = Clock::now();
            Beat beat;
            beat.incarnation = worker;
            run(broker->renew(beat));
            auto const took =
                std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun).count();
            figures.longest_beat_us[at] = std::max<std::int64_t>(figures.longest_beat_us[at], took);
        }
    }};
    for (std::uint64_t number = 1; !figures.over; ++number) {
        std::vector<NewJob> jobs;
        for (int i = 0; i < 20; ++i)
            jobs.push_back(make_job(std::to_string(number) + "." + std::to_string(i), queue));
        run(broker->push(std::move(jobs)));
        auto claim = make_claim(worker, number, 20);
        claim.queues = {queue};
        auto const reply = run(broker->claim(claim));
        std::vector<Settlement> outcomes;
        for (auto const& job : reply.jobs)
            outcomes.push_back(succeed(job));
        run(broker->settle(std::move(outcomes)));
        figures.jobs[at] += reply.jobs.size();
    }
    heart.join();
}

}  // namespace

TEST_CASE("an event loop goes on ticking while another program holds the write lock",
          "[.nightly][serial][F58]") {
    TempDirectory directory;
    auto const path = directory.file("q.db");
    SharedMemory<std::atomic<int>> stage;
    Child holder{[&] {
        while (*stage != 1)
            std::this_thread::sleep_for(1ms);
        SqliteDatabase database{path};
        database.execute("BEGIN IMMEDIATE; CREATE TABLE theirs (x)");
        *stage = 2;
        std::this_thread::sleep_for(10s);
        database.execute("ROLLBACK");
    }};
    auto const broker = open("sqlite:" + path);
    *stage = 1;
    while (*stage != 2)
        std::this_thread::sleep_for(1ms);

    std::atomic<bool> over = false;
    std::atomic<int> refused = 0;
    Gap loop_gap;
    Gap thread_gap;
    std::thread bare{[&] {
        while (!over) {
            std::this_thread::sleep_for(1ms);
            thread_gap.tick();
        }
    }};
    asio::io_context context;
    auto const none = [](std::exception_ptr error) {
        if (error) std::terminate();
    };
    asio::co_spawn(context, tick_on_loop(loop_gap, over), none);
    for (int i = 0; i < 50; ++i)
        asio::co_spawn(context, ask(broker, i, over, refused), none);
    std::thread loop{[&] { context.run(); }};
    CHECK(holder.wait() == 0);
    over = true;
    loop.join();
    bare.join();
    std::cout << "longest gap of a 1 ms ticker: " << millis(loop_gap.longest()) << " ms on the loop, "
              << millis(thread_gap.longest()) << " ms on a thread; " << refused
              << " pushes refused as busy\n";
    CHECK(refused > 0);
    CHECK(loop_gap.longest() <= thread_gap.longest() + 20ms);
}

TEST_CASE("four processes that saturate a file share it evenly, and no heartbeat waits for long",
          "[.nightly][serial][timeout:120]") {
    TempDirectory directory;
    auto const url = "sqlite:" + directory.file("q.db") + "?durability=normal";
    SharedMemory<Figures> figures;
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < processes; ++i)
        children.push_back(std::make_unique<Child>([&, i] { saturate(url, i, *figures); }));
    while (figures->ready < processes)
        std::this_thread::sleep_for(1ms);
    figures->go = true;
    std::this_thread::sleep_for(10s);
    figures->over = true;
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < processes; ++i) {
        CHECK(children[i]->wait() == 0);
        std::uint64_t const jobs = figures->jobs[i];
        least = std::min(least, jobs);
        most = std::max(most, jobs);
        std::cout << "process " << i << ": " << jobs / 10 << " jobs/s, longest beat "
                  << static_cast<double>(figures->longest_beat_us[i]) / 1000 << " ms\n";
        CHECK(figures->longest_beat_us[i] <= 200'000);
    }
    CHECK(most <= 2 * least);
}

}  // namespace company_test
