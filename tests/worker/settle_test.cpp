// SPDX-License-Identifier: MIT
// A broker that takes every outcome but one.
#include "support/proxy_broker.hpp"
#include "worker/rig.hpp"

#include <cohort/context.hpp>
#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace settle_test {

using cohort::awaitable;
using cohort::errc;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

int bodies = 0;

awaitable<int> twice(int n) {
    ++bodies;
    co_await cohort::sleep_for(10ms);
    co_return 2 * n;
}
COHORT_JOB(twice);

awaitable<void> tell(cohort::Context& context) {
    context.note("first");
    co_await cohort::sleep_for(10ms);
    context.note("second");
    co_await cohort::sleep_for(1min);
}
COHORT_JOB(tell);

// Whatever call has an outcome of this job in it fails, whole.
class Picky : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;

    std::string refused;  // an id; empty: none
    int refusals = 0;
    int calls = 0;

    awaitable<std::vector<cohort::Verdict>> settle(std::vector<cohort::Settlement> settlements) override {
        ++calls;
        auto const is_refused = [this](auto const& settlement) { return settlement.ref.id == refused; };
        if (std::any_of(settlements.begin(), settlements.end(), is_refused)) {
            ++refusals;
            throw cohort::Error{errc::unavailable, "not this one"};
        }
        auto verdicts = co_await ProxyBroker::settle(std::move(settlements));
        co_return verdicts;
    }
};

struct Scene {
    Rig rig;
    std::shared_ptr<Picky> broker = std::make_shared<Picky>(rig.broker);
    std::vector<std::string> log;

    Scene() {
        bodies = 0;
        rig.broker = broker;
        cohort::set_log_sink([this](cohort::LogLevel, std::string_view line) { log.emplace_back(line); });
    }
    ~Scene() { cohort::set_log_sink({}); }
};

awaitable<void> refuse_one(Scene& scene) {
    constexpr int count = 1000;
    std::vector<std::tuple<int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n);
    auto jobs = co_await scene.rig.client.enqueue_jobs<twice>(calls);
    auto const odd = jobs[3];
    scene.broker->refused = odd.ref().id;
    auto& worker = scene.rig.start<twice>({.concurrency = 8});
    jobs.erase(jobs.begin() + 3);
    auto const begun = scene.rig.now();
    auto const outcomes = co_await cohort::wait_all(jobs, 1h);
    for (auto const& outcome : outcomes)
        REQUIRE(outcome.state == JobState::succeeded);
    // 7 slots at 10 ms a job are 1.4 s; what the odd one costs the others is a few short pauses.
    CHECK(scene.rig.now() - begun < 3s);

    // It is not forgotten, it costs little, and its lease goes on.
    co_await cohort::sleep_for(10min);
    auto const record = co_await odd.status();
    CHECK(record->state == JobState::running);
    CHECK(scene.broker->refusals < 2000);
    CHECK(scene.log.size() < 20);
    auto const names_it = [&odd](std::string const& line) {
        return line.find(odd.ref().id) != std::string::npos;
    };
    CHECK(std::count_if(scene.log.begin(), scene.log.end(), names_it) > 3);

    scene.broker->refused.clear();
    int const value = co_await odd.result(3s);
    CHECK(value == 6);
    CHECK(bodies == count);
    CHECK(worker.stats().succeeded == count);
}

awaitable<void> refuse_notes(Scene& scene) {
    auto const job = co_await scene.rig.client.enqueue_job<tell>();
    scene.broker->refused = job.ref().id;
    scene.rig.start<tell>();
    co_await cohort::sleep_for(20s);
    CHECK(scene.broker->refusals > 5);
    scene.broker->refused.clear();
    co_await cohort::sleep_for(5s);
    auto const record = co_await job.status();
    CHECK(record->note == "second");
    co_await job.result(1min);
}

TEST_CASE("an outcome that the broker never takes holds up no other one") {
    Scene scene;
    scene.rig.run(refuse_one(scene));
}

TEST_CASE("notes that the broker refused arrive in their order, and before the outcome") {
    Scene scene;
    scene.rig.run(refuse_notes(scene));
}

}  // namespace settle_test
