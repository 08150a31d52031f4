// SPDX-License-Identifier: MIT
#include "io/pool.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>

namespace pool_test {

using cohort::io::Pool;

namespace {

std::vector<std::function<void()>> one(std::function<void()> call) {
    std::vector<std::function<void()>> calls;
    calls.push_back(std::move(call));
    return calls;
}

}  // namespace

TEST_CASE("one thread makes the calls in their order") {
    std::vector<int> order;
    {
        Pool pool{1};
        std::vector<std::function<void()>> calls;
        for (int i = 0; i < 50; ++i)
            calls.push_back([&order, i] { order.push_back(i); });
        pool.submit(std::move(calls));
        pool.submit(one([&order] { order.push_back(50); }));
        pool.join();
    }
    std::vector<int> expected(51);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(order == expected);
}

TEST_CASE("as many calls run at once as there are threads") {
    std::latch all_here{4};
    Pool pool{4};
    std::vector<std::function<void()>> calls;
    for (int i = 0; i < 4; ++i)
        calls.push_back([&] { all_here.arrive_and_wait(); });
    pool.submit(std::move(calls));
    pool.join();
    CHECK(all_here.try_wait());
}

TEST_CASE("a join waits until all that was submitted has run") {
    std::atomic<int> count{0};
    {
        Pool pool{2};
        for (int i = 0; i < 100; ++i)
            pool.submit(one([&] { ++count; }));
        pool.join();
    }
    CHECK(count == 100);
}

TEST_CASE("calls may be submitted from many threads and from calls") {
    std::atomic<int> count{0};
    {
        Pool pool{2};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&] {
                for (int i = 0; i < 100; ++i) {
                    pool.submit(one([&] {
                        pool.submit(one([&] { ++count; }));
                        ++count;
                    }));
                }
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        pool.join();
    }
    CHECK(count == 800);
}

TEST_CASE("a thread that is given up is replaced, and not waited for") {
    auto const release = std::make_shared<std::promise<void>>();
    auto const blocked = std::make_shared<std::promise<void>>();
    auto const left = std::make_shared<std::promise<void>>();
    {
        Pool pool{1};
        pool.submit(one([release, blocked, left] {
            blocked->set_value();
            release->get_future().wait();
            left->set_value();
        }));
        blocked->get_future().wait();

        pool.give_one_up();
        std::promise<void> reached;
        pool.submit(one([&] { reached.set_value(); }));
        reached.get_future().wait();
        pool.join();
    }
    release->set_value();
    left->get_future().wait();
}

TEST_CASE("a thread that comes back after it was given up makes one leave") {
    std::promise<void> release;
    auto const back = std::make_shared<std::promise<void>>();
    std::promise<void> blocked;
    std::set<std::thread::id> ids;
    std::mutex mutex;
    {
        Pool pool{1};
        pool.submit(one([&, back] {
            blocked.set_value();
            release.get_future().wait();
            pool.take_one_back();
            back->set_value();
        }));
        blocked.get_future().wait();
        pool.give_one_up();
        release.set_value();
        for (int i = 0; i < 100; ++i) {
            std::promise<void> done;
            pool.submit(one([&] {
                std::lock_guard const lock{mutex};
                ids.insert(std::this_thread::get_id());
                done.set_value();
            }));
            done.get_future().wait();
        }
        back->get_future().wait();  // join() does not wait for those that were given up
        pool.join();
    }
    CHECK(ids.size() <= 2);
}

TEST_CASE("what a call owns is gone before the next call begins") {
    auto owned = std::make_shared<int>(1);
    std::weak_ptr<int> const watch = owned;
    bool was_gone = false;
    {
        Pool pool{1};
        pool.submit(one([held = std::move(owned)] {}));
        pool.submit(one([&] { was_gone = watch.expired(); }));
        pool.join();
    }
    CHECK(was_gone);
}

TEST_CASE("a pool that is destroyed lets its calls go on by themselves") {
    auto const release = std::make_shared<std::promise<void>>();
    auto const ended = std::make_shared<std::promise<void>>();
    {
        Pool pool{1};
        pool.submit(one([release] { release->get_future().wait(); }));
        pool.submit(one([ended] { ended->set_value(); }));
    }
    release->set_value();
    ended->get_future().wait();
}

}  // namespace pool_test
