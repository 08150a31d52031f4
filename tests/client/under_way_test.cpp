// SPDX-License-Identifier: MIT
// What clients and workers say that they are doing.
#include "support/proxy_broker.hpp"
#include "worker/rig.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace under_way_test {

using cohort::awaitable;
using cohort::Doing;
using cohort::Phase;
using cohort::UnderWay;
using support::Rig;
using namespace std::chrono_literals;

awaitable<int> slow(int number) {
    co_await cohort::sleep_for(1h);
    co_return number;
}
COHORT_JOB(slow);

namespace {

// Each call takes ten seconds.
class SlowBroker : public support::ProxyBroker {
public:
    using support::ProxyBroker::ProxyBroker;

    cohort::awaitable<std::vector<cohort::PushResult>> push(std::vector<cohort::NewJob> jobs) override {
        co_await cohort::sleep_for(10s);
        auto results = co_await inner().push(std::move(jobs));
        co_return results;
    }
    cohort::awaitable<std::vector<std::optional<cohort::JobRecord>>>
    status(std::vector<cohort::JobRef> refs) override {
        co_await cohort::sleep_for(10s);
        auto records = co_await inner().status(std::move(refs));
        co_return records;
    }
    cohort::awaitable<std::vector<cohort::CancelVerdict>> cancel(std::vector<cohort::JobRef> refs) override {
        co_await cohort::sleep_for(10s);
        auto verdicts = co_await inner().cancel(std::move(refs));
        co_return verdicts;
    }
};

std::size_t count(std::vector<UnderWay> const& all, Doing doing, Phase phase) {
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](auto const& one) { return one.doing == doing && one.phase == phase; }));
}

awaitable<void> enqueue(cohort::Client& client, std::string id) {
    co_await client.enqueue_job<slow>({.id = id}, 1);
}
awaitable<void> enqueue_two(cohort::Client& client) {
    std::vector<std::tuple<int>> const calls{{1}, {2}};
    co_await client.enqueue_jobs<slow>(calls);
}
awaitable<void> read(cohort::Job<int> job) {
    co_await job.status();
}
awaitable<void> cancel(cohort::Job<int> job) {
    co_await job.cancel();
}
awaitable<void> wait(cohort::Job<int> job) {
    co_await job.wait(2h);
}

awaitable<void> operations(Rig& rig) {
    auto const broker = std::make_shared<SlowBroker>(rig.broker);
    cohort::Client client{rig.loop.executor(), broker, {.deadline = 1min}};
    CHECK(client.under_way().empty());
    cohort::io::Scope scope;
    scope.spawn(rig.loop.executor(), enqueue(client, "a"));
    scope.spawn(rig.loop.executor(), enqueue(client, "b"));
    scope.spawn(rig.loop.executor(), enqueue_two(client));
    co_await cohort::sleep_for(1s);
    auto const sending = client.under_way();
    CHECK(sending.size() == 4);
    CHECK(count(sending, Doing::enqueue, Phase::asked) == 4);
    auto const one = client.under_way("b");
    REQUIRE(one.has_value());
    CHECK(one->ref == cohort::JobRef{"default", "b"});
    CHECK_FALSE(client.under_way("c").has_value());
    // The age is that of the operation: it grows.
    auto const begun = cohort::system_clock().steady();
    while (cohort::system_clock().steady() - begun < 1ms) {
    }
    CHECK(client.under_way("b")->age >= one->age + 1ms);
    co_await scope.join();
    CHECK(client.under_way().empty());

    auto const job = client.find<int>({"default", "a"});
    scope.spawn(rig.loop.executor(), read(job));
    scope.spawn(rig.loop.executor(), wait(job));
    scope.spawn(rig.loop.executor(), wait(job));
    co_await cohort::sleep_for(1s);
    auto const all = client.under_way();
    CHECK(all.size() == 3);
    CHECK(count(all, Doing::read, Phase::asked) == 1);
    CHECK(count(all, Doing::wait, Phase::waiting) == 2);
    co_await cohort::sleep_for(20s);
    CHECK(count(client.under_way(), Doing::wait, Phase::waiting) == 2);
    scope.spawn(rig.loop.executor(), cancel(job));
    co_await cohort::sleep_for(1s);
    CHECK(count(client.under_way(), Doing::cancel, Phase::asked) == 1);
    co_await scope.join();
    CHECK(client.under_way().empty());
}

awaitable<void> runs(Rig& rig) {
    auto& worker = rig.start<slow>();
    CHECK(worker.under_way().empty());
    auto const first = co_await rig.client.enqueue_job<slow>(1);
    auto const second = co_await rig.client.enqueue_job<slow>(2);
    co_await cohort::sleep_for(1s);
    auto const all = worker.under_way();
    CHECK(all.size() == 2);
    CHECK(count(all, Doing::run, Phase::running) == 2);
    auto const entry = worker.under_way(second.id());
    REQUIRE(entry.has_value());
    CHECK(entry->ref == second.ref());
    CHECK(entry->age >= 0s);
    CHECK_FALSE(worker.under_way("nobody").has_value());
    co_await cohort::sleep_for(2h);
    CHECK(worker.under_way().empty());
}

}  // namespace

TEST_CASE(
    "a client lists what it is doing, each operation with its kind, age and state, and finds one by its id",
    "[S21][S22]") {
    Rig rig;
    rig.run(operations(rig));
}

TEST_CASE("a worker lists the jobs that it has, and finds one by its id", "[S21][S22]") {
    Rig rig;
    rig.run(runs(rig));
    CHECK(to_string(Doing::enqueue) == "enqueue");
    CHECK(to_string(Doing::run) == "run");
    CHECK(to_string(Phase::asked) == "asked");
    CHECK(to_string(Phase::settling) == "settling");
}

}  // namespace under_way_test
