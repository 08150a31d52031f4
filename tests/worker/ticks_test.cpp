// SPDX-License-Identifier: MIT
// Which tick is owed, whatever the clock does.
#include "worker/ticks.hpp"

#include <catch2/catch.hpp>

namespace ticks_test {

using namespace cohort;

constexpr Instant noon{std::chrono::seconds{1'000'080'000}};  // 2001-09-10 00:00

using Due = std::optional<Instant>;

TEST_CASE("each tick is owed once, from its second on") {
    Ticks ticks{every(1min), 10s};
    CHECK(ticks.due(noon - 30s) == std::nullopt);
    CHECK(ticks.pause(noon - 30s) == Ticks::longest_sleep);
    CHECK(ticks.pause(noon - 3s) == 3s);
    CHECK(ticks.pause(noon - 1us) == 1us);
    CHECK(ticks.due(noon - 1us) == std::nullopt);
    CHECK(ticks.due(noon) == Due{noon});
    CHECK(ticks.due(noon + 1s) == Due{noon});  // it was not done
    ticks.done(noon);
    CHECK(ticks.due(noon + 1s) == std::nullopt);
    CHECK(ticks.due(noon + 1min) == Due{noon + 1min});
}

TEST_CASE("what could not be given is owed for as long as catch_up says, and of several the last", "[F83]") {
    Ticks ticks{every(1min), 150s};
    CHECK(ticks.due(noon) == Due{noon});
    CHECK(ticks.due(noon + 59s) == Due{noon});
    CHECK(ticks.due(noon + 61s) == Due{noon + 1min});
    ticks.done(noon + 1min);
    CHECK(ticks.due(noon + 62s) == std::nullopt);

    Ticks rare{every(1h), 150s};
    CHECK(rare.due(noon) == Due{noon});
    CHECK(rare.due(noon + 150s) == Due{noon});
    CHECK(rare.due(noon + 151s) == std::nullopt);
    CHECK(rare.due(noon + 1h) == Due{noon + 1h});
}

TEST_CASE("who begins looks back as far as catch_up says", "[F83]") {
    CHECK(Ticks{every(1h), 10s}.due(noon + 10s) == Due{noon});
    CHECK(Ticks{every(1h), 10s}.due(noon + 11s) == std::nullopt);
    CHECK(Ticks{every(1h), 30min}.due(noon + 29min) == Due{noon});
    CHECK(Ticks{every(24h), 12h}.due(noon + 11h) == Due{noon});
    CHECK(Ticks{every(24h), 12h}.due(noon + 13h) == std::nullopt);
}

TEST_CASE("a clock that jumps forward gives one tick, not a storm of them", "[F78][F80]") {
    Ticks ticks{every(1s), 10s};
    REQUIRE(ticks.due(noon));
    ticks.done(noon);
    Instant const later = noon + 1h + 500ms;
    CHECK(ticks.due(later) == Due{noon + 1h});
    ticks.done(noon + 1h);
    CHECK(ticks.due(later) == std::nullopt);
    CHECK(ticks.due(later + 500ms) == Due{noon + 1h + 1s});
}

TEST_CASE("a clock that jumps back begins again there, with ids that are known", "[F78]") {
    Ticks ticks{every(1min), 10s};
    REQUIRE(ticks.due(noon + 24h * 365));  // it was a year fast
    ticks.done(noon + 24h * 365);
    CHECK(ticks.due(noon + 1s) == std::nullopt);
    CHECK(ticks.due(noon + 1min) == Due{noon + 1min});
    ticks.done(noon + 1min);
    CHECK(ticks.due(noon + 1min + 1s) == std::nullopt);

    // By less than a second: the tick comes once more, and is the same job.
    CHECK(ticks.due(noon + 2min) == Due{noon + 2min});
    ticks.done(noon + 2min);
    CHECK(ticks.due(noon + 2min - 300ms) == std::nullopt);
    CHECK(ticks.due(noon + 2min) == Due{noon + 2min});

    // What is owed stays owed.
    Ticks late{every(1min), 30s};
    CHECK(late.due(noon + 5s) == Due{noon});
    CHECK(late.due(noon + 4s) == Due{noon});
}

}  // namespace ticks_test
