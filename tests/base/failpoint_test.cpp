// SPDX-License-Identifier: MIT
#include "base/failpoint.hpp"

#include <cohort/error.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <string_view>
#include <thread>
#include <vector>

#ifdef NDEBUG

TEST_CASE("failpoints are not part of this build") {
    STATIC_REQUIRE_FALSE(cohort::failpoint("anything"));
}

#else

namespace {

// Nothing is left of a plan when its test ends.
struct Armed {
    explicit Armed(std::string_view plan) { cohort::arm_failpoints(plan); }
    ~Armed() { cohort::arm_failpoints(""); }
    Armed(Armed const&) = delete;
    Armed& operator=(Armed const&) = delete;
};

}  // namespace

TEST_CASE("a failpoint does nothing until a plan names it") {
    CHECK_FALSE(cohort::failpoint("a.place"));
    Armed const armed{"another.place=drop*0"};
    CHECK_FALSE(cohort::failpoint("a.place"));
    CHECK_FALSE(cohort::failpoint("another"));
    CHECK(cohort::failpoint("another.place"));
    CHECK(cohort::failpoint("another", "place"));
    CHECK(cohort::failpoints_hit("another.place") == 2);
}

TEST_CASE("a rule acts from the hit that it names on, and as often as it says") {
    Armed const armed{"a=drop@3*2;b=drop"};
    std::vector<bool> seen;
    for (int i = 0; i < 6; ++i)
        seen.push_back(cohort::failpoint("a"));
    CHECK(seen == std::vector<bool>{false, false, true, true, false, false});
    CHECK(cohort::failpoint("b"));
    CHECK_FALSE(cohort::failpoint("b"));
}

TEST_CASE("a rule can throw what a broker throws") {
    Armed const armed{"a=throw;b=lose"};
    auto code = [](char const* place) {
        try {
            cohort::failpoint(place);
        } catch (cohort::Error const& error) {
            return error.which();
        }
        return cohort::errc::ok;
    };
    CHECK(code("a") == cohort::errc::unavailable);
    CHECK(code("b") == cohort::errc::uncertain);
}

TEST_CASE("a rule of half the hits acts on about half of them") {
    Armed const armed{"a=drop*0%50"};
    int acted = 0;
    for (int i = 0; i < 1000; ++i)
        acted += cohort::failpoint("a") ? 1 : 0;
    CHECK(acted > 400);
    CHECK(acted < 600);
}

TEST_CASE("a held thread goes on when the plan is replaced") {
    Armed const armed{"a=hold"};
    std::atomic<bool> passed = false;
    std::thread held{[&] {
        cohort::failpoint("a");
        passed = true;
    }};
    while (cohort::failpoints_hit("a") == 0)
        std::this_thread::yield();
    CHECK_FALSE(passed);
    cohort::arm_failpoints("");
    held.join();
    CHECK(passed);
}

TEST_CASE("a plan that cannot be read is refused, and says which rule") {
    for (char const* bad : {"a", "a=", "=drop", "a=explode", "a=drop@x", "a=pause(x)", "a=drop*"}) {
        CHECK_THROWS_AS(cohort::arm_failpoints(bad), cohort::Error);
    }
}

#endif
