// SPDX-License-Identifier: MIT
// Saturating sums, texts of times, and the machine's clocks.
#include <cohort/time.hpp>

#include <catch2/catch.hpp>

using namespace cohort;

namespace {

Instant at(std::int64_t us) {
    return Instant{Duration{us}};
}

}  // namespace

TEST_CASE("sums of times saturate instead of overflowing", "[B24]") {
    CHECK(add(at(5), 7us) == at(12));
    CHECK(add(at(5), -7us) == at(-2));
    CHECK(add(never, 1us) == never);
    CHECK(add(never, Duration::max()) == never);
    CHECK(add(at(1), Duration::max()) == never);
    CHECK(add(Instant::min(), -1us) == Instant::min());
    CHECK(add(at(-2), Duration::min()) == Instant::min());
    CHECK(add(at(0), Duration::min()) == Instant::min());
    CHECK(add(never, -1us) == at(never.time_since_epoch().count() - 1));
}

TEST_CASE("points in time are written in UTC with milliseconds") {
    CHECK(to_string(at(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(to_string(at(1'769'848'200'125'999)) == "2026-01-31T08:30:00.125Z");
    CHECK(to_string(at(951'782'400'000'000)) == "2000-02-29T00:00:00.000Z");
    CHECK(to_string(at(4'107'542'399'999'999)) == "2100-02-28T23:59:59.999Z");
    CHECK(to_string(at(-1)) == "1969-12-31T23:59:59.999Z");
    CHECK(to_string(at(-62'135'596'800'000'000)) == "0001-01-01T00:00:00.000Z");
}

TEST_CASE("the ends of time can be written") {
    CHECK(to_string(never) == "never");
    CHECK(to_string(at(never.time_since_epoch().count() - 1)) == "294247-01-10T04:00:54.775Z");
    CHECK(to_string(Instant::min()) == "-290308-12-21T19:59:05.224Z");
}

TEST_CASE("spans of time are written with two units at most") {
    auto const cases = {
        std::pair{Duration{0}, "0s"},
        std::pair{Duration{1us}, "1us"},
        std::pair{Duration{999us}, "999us"},
        std::pair{Duration{1500us}, "1.5ms"},
        std::pair{Duration{250ms}, "250ms"},
        std::pair{Duration{999'999us}, "999.999ms"},
        std::pair{Duration{1s}, "1s"},
        std::pair{Duration{1500ms}, "1.5s"},
        std::pair{Duration{1005ms}, "1.005s"},
        std::pair{Duration{59s + 999ms}, "59.999s"},
        std::pair{Duration{1min}, "1min"},
        std::pair{Duration{125s}, "2min 5s"},
        std::pair{Duration{2h + 5min + 59s}, "2h 5min"},
        std::pair{Duration{24h}, "1d"},
        std::pair{Duration{24h * 14}, "14d"},
        std::pair{Duration{27h + 59min}, "1d 3h"},
        std::pair{Duration{-5ms}, "-5ms"},
        std::pair{Duration{-90s}, "-1min 30s"},
        std::pair{Duration::max(), "106751991d 4h"},
        std::pair{Duration::min(), "-106751991d 4h"},
    };
    for (auto const& [span, text] : cases) {
        CHECK(to_string(span) == text);
    }
}

TEST_CASE("the machine's wall clock shows the present, and the steady one never goes back") {
    Clock const& clock = system_clock();
    CHECK(clock.now() > at(1'700'000'000'000'000));
    CHECK(clock.now() < at(4'000'000'000'000'000));

    Duration last = clock.steady();
    for (int i = 0; i < 1000; ++i) {
        Duration const next = clock.steady();
        REQUIRE(next >= last);
        last = next;
    }
    CHECK(&system_clock() == &clock);
}
