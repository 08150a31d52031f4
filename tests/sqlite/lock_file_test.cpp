// SPDX-License-Identifier: MIT
// The queue of writers, with real processes that are killed and stopped. The wall clock is meant here: other
// processes do not know a test's clock.
#include "fork.hpp"
#include "shared_memory.hpp"
#include "sqlite/lock_file.hpp"
#include "support.hpp"

#include <cohort/log.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

namespace lock_file_test {

using namespace cohort::sqlite;
using namespace std::chrono_literals;
using namespace test;

namespace {

using Clock = std::chrono::steady_clock;
using Rank = LockFile::Rank;

std::chrono::milliseconds since(Clock::time_point begin) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
}

void wait_until(std::atomic<int> const& value, int least) {
    while (value.load() < least)
        std::this_thread::sleep_for(1ms);
}

}  // namespace

TEST_CASE("one place at a time has its turn") {
    TempDirectory directory;
    LockFile file{directory.file("q.db-lock")};
    REQUIRE(file.works());
    int inside = 0;
    int most = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            LockFile::Place place{file, Rank::job};
            for (int turn = 0; turn < 500; ++turn) {
                place.enter();
                // Atomics of the lock order this; the sanitizer knows them.
                most = std::max(most, ++inside);
                --inside;
                place.leave();
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    CHECK(most == 1);
}

TEST_CASE("a beat goes before all jobs that wait") {
    TempDirectory directory;
    LockFile file{directory.file("q.db-lock")};
    LockFile::Place holder{file, Rank::job};
    holder.enter();

    std::mutex mutex;
    std::vector<Rank> order;
    std::atomic<int> begun{0};
    auto queue = [&](Rank rank) {
        return std::thread{[&, rank] {
            LockFile::Place place{file, rank};
            ++begun;
            place.enter();
            {
                std::lock_guard lock{mutex};
                order.push_back(rank);
            }
            place.leave();
        }};
    };
    std::vector<std::thread> threads;
    threads.push_back(queue(Rank::job));
    threads.push_back(queue(Rank::job));
    wait_until(begun, 2);
    std::this_thread::sleep_for(20ms);
    threads.push_back(queue(Rank::beat));
    wait_until(begun, 3);
    std::this_thread::sleep_for(20ms);
    holder.leave();
    for (auto& thread : threads)
        thread.join();

    CHECK(order == std::vector{Rank::beat, Rank::job, Rank::job});
}

TEST_CASE("the turn of a killed holder goes on to the next") {
    TempDirectory directory;
    auto const path = directory.file("q.db-lock");
    SharedMemory<std::atomic<int>> stage;
    Child holder{[&] {
        LockFile file{path};
        LockFile::Place place{file, Rank::job};
        place.enter();
        stage->store(1);
        ::pause();
    }};
    wait_until(*stage.operator->(), 1);
    LockFile file{path};
    LockFile::Place place{file, Rank::job};
    holder.kill(SIGKILL);
    holder.wait();

    auto const begin = Clock::now();
    place.enter();
    CHECK(since(begin) < 200ms);
    place.leave();
}

TEST_CASE("a killed waiter is passed over") {
    TempDirectory directory;
    auto const path = directory.file("q.db-lock");
    LockFile file{path};
    LockFile::Place holder{file, Rank::job};
    LockFile::Place next{file, Rank::job};
    holder.enter();
    SharedMemory<std::atomic<int>> stage;
    // Forked with a lock file of its own, opened there.
    Child waiter{[&] {
        LockFile own{path};
        LockFile::Place place{own, Rank::job};
        stage->store(1);
        place.enter();
        ::pause();
    }};
    wait_until(*stage.operator->(), 1);
    std::this_thread::sleep_for(50ms);
    waiter.kill(SIGKILL);
    waiter.wait();
    holder.leave();

    auto const begin = Clock::now();
    next.enter();
    CHECK(since(begin) < 200ms);
    next.leave();
}

TEST_CASE("a stopped holder holds up nobody for long, and changes nothing when it goes on") {
    TempDirectory directory;
    auto const path = directory.file("q.db-lock");
    SharedMemory<std::atomic<int>> stage;
    Child stopped{[&] {
        LockFile file{path};
        LockFile::Place place{file, Rank::job};
        place.enter();
        stage->store(1);
        ::raise(SIGSTOP);
        place.leave();
        place.enter();
        place.leave();
        stage->store(2);
    }};
    wait_until(*stage.operator->(), 1);
    LockFile file{path};
    LockFile::Place place{file, Rank::job};

    auto begin = Clock::now();
    place.enter();
    CHECK(since(begin) < 2s);
    stopped.kill(SIGCONT);
    std::this_thread::sleep_for(30ms);
    CHECK(stage->load() == 1);  // it waits for its turn, since this one is ours
    place.leave();
    wait_until(*stage.operator->(), 2);
    CHECK(stopped.wait() == 0);

    begin = Clock::now();
    place.enter();
    place.leave();
    CHECK(since(begin) < 200ms);
}

TEST_CASE("processes that are killed again and again, wherever they are, leave no trace") {
    TempDirectory directory;
    auto const path = directory.file("q.db-lock");
    SharedMemory<std::atomic<int>> turns;
    auto compete = [&] {
        LockFile file{path};
        LockFile::Place place{file, Rank::job};
        for (;;) {
            place.enter();
            turns->fetch_add(1);
            place.leave();
        }
    };
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 3; ++i)
        children.push_back(std::make_unique<Child>(compete));
    for (int round = 0; round < 60; ++round) {
        wait_until(*turns.operator->(), turns->load() + 1);
        auto& victim = children[static_cast<std::size_t>(round) % children.size()];
        victim->kill(SIGKILL);
        victim->wait();
        victim = std::make_unique<Child>(compete);
    }
    children.clear();

    LockFile file{path};
    LockFile::Place place{file, Rank::job};
    auto const begin = Clock::now();
    place.enter();
    place.leave();
    CHECK(since(begin) < 200ms);
}

TEST_CASE("a file that nobody uses is begun anew, whatever is in it") {
    TempDirectory directory;
    auto const path = directory.file("q.db-lock");
    {
        LockFile file{path};
        file.count_commit();
        LockFile::Place place{file, Rank::job};
        place.enter();  // and never leaves: as after a power cut
    }
    for (bool const garbage : {false, true}) {
        if (garbage) std::ofstream{path} << std::string(20'000, 'x');
        LockFile file{path};
        REQUIRE(file.works());
        CHECK(file.commits() == 0);
        LockFile::Place place{file, Rank::job};
        auto const begin = Clock::now();
        place.enter();
        CHECK(since(begin) < 100ms);
        place.leave();
    }
}

TEST_CASE("one lock file among all is the checkpointer's, and another follows it") {
    TempDirectory directory;
    auto const path = directory.file("q.db-lock");
    auto first = std::make_unique<LockFile>(path);
    LockFile second{path};
    CHECK(first->take_checkpointer());
    CHECK(first->take_checkpointer());
    CHECK_FALSE(second.take_checkpointer());
    first.reset();
    CHECK(second.take_checkpointer());
}

TEST_CASE("without a lock file everybody goes on") {
    TempDirectory directory;
    cohort::set_log_level(cohort::LogLevel::off);
    LockFile file{directory.file("absent/q.db-lock")};
    cohort::set_log_level(cohort::LogLevel::warn);
    CHECK_FALSE(file.works());
    LockFile::Place place{file, Rank::job};
    place.enter();
    place.leave();
    CHECK_FALSE(file.take_checkpointer());
    file.count_commit();
    CHECK(file.commits() == 0);
}

}  // namespace lock_file_test
