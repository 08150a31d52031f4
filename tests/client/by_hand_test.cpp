// SPDX-License-Identifier: MIT
// A consumer without a Worker: takes jobs by hand, answers them when it likes, and looks at the queue.
#include "support/by_hand.hpp"
#include "worker/rig.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/inspector.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <thread>
#include <vector>

namespace by_hand_test {

using cohort::awaitable;
using cohort::errc;
using cohort::JobState;
using support::answer;
using support::me;
using support::Rig;
using namespace std::chrono_literals;

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add, .keep_result = 1min);

awaitable<std::size_t> length(Rig& rig) {
    auto const queues = co_await rig.broker->inspector()->queues();
    co_return queues.empty() ? 0 : queues[0].count(JobState::queued);
}

namespace {

awaitable<void> take_or_wait(Rig& rig) {
    auto const info = me();
    co_await rig.broker->enlist(info);
    auto const begun = rig.now();
    cohort::ClaimParams at_once{info.incarnation, {"default"}, 1, 1, 0s};
    auto const nothing = co_await rig.broker->claim(at_once);
    CHECK(nothing.jobs.empty());
    CHECK(rig.now() == begun);
    cohort::ClaimParams patient{info.incarnation, {"default"}, 1, 2, 3s};
    auto const still_nothing = co_await rig.broker->claim(patient);
    CHECK(still_nothing.jobs.empty());
    CHECK(rig.now() - begun == 3s);

    auto const job = co_await rig.client.enqueue_job<add>({.delay = 2s}, 1, 2);
    patient.number = 3;
    auto const one = co_await rig.broker->claim(patient);
    REQUIRE(one.jobs.size() == 1);
    CHECK(one.jobs[0].ref == job.ref());
    CHECK(rig.now() - begun == 5s);
}

awaitable<void> lengths(Rig& rig) {
    std::size_t const none = co_await length(rig);
    CHECK(none == 0);
    for (int i = 0; i < 5; ++i)
        co_await rig.client.enqueue_job<add>(i, i);
    std::size_t const five = co_await length(rig);
    CHECK(five == 5);
    auto const info = me();
    co_await rig.broker->enlist(info);
    int taken = 0;
    for (std::uint64_t number = 1;; ++number) {
        std::size_t const left = co_await length(rig);
        CHECK(left == static_cast<std::size_t>(5 - taken));
        if (left == 0) break;
        cohort::ClaimParams params{info.incarnation, {"default"}, 1, number, 0s};
        auto const reply = co_await rig.broker->claim(params);
        REQUIRE(reply.jobs.size() == 1);
        ++taken;
    }
    CHECK(taken == 5);

    rig.broker->close();
    errc code = errc::ok;
    try {
        co_await length(rig);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::closed);
}

}  // namespace

TEST_CASE("who takes a job by hand gets nothing at once, or waits as long as he says", "[R02][R13]") {
    Rig rig;
    rig.run(take_or_wait(rig));
}

TEST_CASE("a queue's length is the number of jobs that wait in it", "[R07]") {
    Rig rig;
    rig.run(lengths(rig));
}

TEST_CASE("a job that was taken by hand is answered later, from another thread", "[R09]") {
    auto const broker = cohort::memory::open(cohort::parse_url("memory:"));
    cohort::BlockingClient client{broker};
    auto const job = client.enqueue_job<add>({.keep_result = 60s}, 1, 2);
    auto const info = me();
    cohort::run(broker->enlist(info));
    cohort::ClaimParams const params{info.incarnation, {"default"}, 1, 1, 0s};
    auto const reply = cohort::run(broker->claim(params));
    REQUIRE(reply.jobs.size() == 1);
    CHECK_FALSE(job.try_result().has_value());
    std::vector<cohort::Verdict> verdicts;
    std::thread other{[&] { verdicts = cohort::run(broker->settle({answer(reply.jobs[0], "3")})); }};
    int const sum = job.result(10s);
    other.join();
    CHECK(sum == 3);
    CHECK(verdicts == std::vector{cohort::Verdict::accepted});
    CHECK(job.status()->policy.keep_result == 60s);
}

}  // namespace by_hand_test
