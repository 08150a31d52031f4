// SPDX-License-Identifier: MIT
#include "rabbitmq/ladder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace ladder_test {

using namespace cohort;
using namespace cohort::rabbitmq;

TEST_CASE("a delay is rounded up to a step, and never down") {
    CHECK(plan_climb(0s).units == 0);
    CHECK(plan_climb(-5s).units == 0);
    CHECK(plan_climb(1us).units == 1);
    CHECK(plan_climb(100ms).units == 1);
    CHECK(plan_climb(100ms + 1us).units == 2);
    CHECK(plan_climb(10s).units == 100);
    for (Duration const delay :
         {Duration{1ms}, Duration{12'345ms}, Duration{24h * 76}, Duration{24h * 36500}, Duration::max()}) {
        Climb const climb = plan_climb(delay);
        INFO(to_string(delay));
        CHECK(climb.units < 1U << ladder_steps);
        bool const is_short = climb.rest == 0s;
        Duration const spent = ladder_step * climb.units;
        CHECK((is_short ? spent >= delay && spent - delay < ladder_step : spent + climb.rest == delay));
    }
}

TEST_CASE("the steps that hold a job add up to its delay") {
    for (std::uint32_t const units : {1U, 2U, 3U, 100U, 12'345U, (1U << ladder_steps) - 1}) {
        std::uint32_t sum = 0;
        for (int const step : held_by(units))
            sum += 1U << step;
        CHECK(sum == units);
        CHECK(held_by(units).front() == first_step(units));
        std::string const key = climb_key(units, "some.queue");
        for (int step = 0; step < ladder_steps; ++step) {
            auto const digit = key[static_cast<std::size_t>(2 * (ladder_steps - 1 - step))];
            CHECK((digit == '1') == ((units >> step & 1U) != 0));
        }
    }
}

TEST_CASE("the patterns of the ladder have as many words as its keys") {
    CHECK(step_pattern(ladder_steps - 1, '1') == "1.#");
    CHECK(step_pattern(ladder_steps - 3, '0') == "*.*.0.#");
    std::string const foot = foot_pattern("a.b");
    CHECK(std::count(foot.begin(), foot.end(), '*') == ladder_steps);
    CHECK(foot.ends_with("*.a.b"));
}

}  // namespace ladder_test
