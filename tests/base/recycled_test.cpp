// SPDX-License-Identifier: MIT
#include "base/recycled.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <thread>
#include <vector>

namespace recycled_test {

using cohort::make_recycled;

namespace {

struct Large {
    explicit Large(int its_value) : value{its_value} { ++alive; }
    ~Large() { --alive; }
    Large(Large const&) = delete;
    Large& operator=(Large const&) = delete;

    int value;
    std::array<char, 700> rest{};
    static inline int alive = 0;
};

// Goes when its thread ends, behind whatever of the thread was made after it.
struct Keeper {
    std::shared_ptr<Large> kept;
};

}  // namespace

TEST_CASE("an object is constructed and destroyed each time that its memory is used again") {
    for (int i = 0; i < 3; ++i) {
        auto const object = make_recycled<Large>(i);
        CHECK(object->value == i);
        CHECK(Large::alive == 1);
    }
    CHECK(Large::alive == 0);
}

TEST_CASE("more objects than are kept may live and go at a time") {
    for (int round = 0; round < 2; ++round) {
        std::vector<std::shared_ptr<Large>> objects;
        for (int i = 0; i < 1000; ++i)
            objects.push_back(make_recycled<Large>(i));
        bool each_is_its_own = true;
        for (int i = 0; i < 1000; ++i)
            each_is_its_own = each_is_its_own && objects[static_cast<std::size_t>(i)]->value == i;
        CHECK(each_is_its_own);
        CHECK(Large::alive == 1000);
    }
    CHECK(Large::alive == 0);
}

TEST_CASE("an object may go in another thread, and after that thread's own things") {
    auto object = make_recycled<Large>(7);
    std::thread{[&object] {
        thread_local Keeper keeper;  // made before this thread has kept anything
        keeper.kept = std::move(object);
        make_recycled<Large>(8).reset();
    }}.join();
    CHECK(Large::alive == 0);
    CHECK(make_recycled<Large>(9)->value == 9);
}

#if COHORT_RECYCLES
TEST_CASE("the memory of what has gone is used for the next of its kind") {
    void const* const first = make_recycled<Large>(1).get();
    void const* const second = make_recycled<Large>(2).get();
    CHECK(first == second);
}
#endif

}  // namespace recycled_test
