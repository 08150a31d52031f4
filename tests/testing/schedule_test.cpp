// SPDX-License-Identifier: MIT
// What a user's test of schedules looks like: a week of ticks in no time.
#include "io/scope.hpp"
#include "support/slowness.hpp"

#include <cohort/client.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>
#include <cohort/testing.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>

namespace testing_schedule_test {

using namespace std::chrono_literals;

// It begins on a Sunday. What its worker does meanwhile (beats, looks) takes a sanitizer minutes.
constexpr int days = support::slowness > 1 ? 2 : 7;
constexpr int weekdays = support::slowness > 1 ? 1 : 5;

int reports = 0;
void report(std::string const& day) {
    if (day == "weekday") ++reports;
}
COHORT_JOB(report);

cohort::awaitable<void> week(cohort::Worker& worker, cohort::testing::Loop& loop) {
    cohort::io::Scope running;
    running.spawn(loop.executor(), worker.run());
    co_await cohort::sleep_for(24h * days);
    worker.stop();
    co_await running.join();
}

TEST_CASE("a week of ticks passes in no time", "[I28][I22]") {
    reports = 0;
    cohort::testing::Loop loop{24h * 30};
    cohort::Worker worker{loop.make_broker(), {.threads = 0}};
    worker.add<report>();
    worker.schedule<report>("reports", cohort::cron("*/10 8-17 * * mon-fri", "Europe/Berlin"), "weekday");

    loop.run(week(worker, loop));

    CHECK(reports == weekdays * 10 * 6);
    CHECK(loop.clock().steady() >= 24h * days);
}

}  // namespace testing_schedule_test
