// SPDX-License-Identifier: MIT
// A broker that is away, or frozen, for half a minute in the middle of ten thousand jobs.
#include "support/proxy_broker.hpp"
#include "support/slowness.hpp"
#include "worker/rig.hpp"

#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <tuple>
#include <vector>

namespace outage_test {

using cohort::awaitable;
using cohort::errc;
using support::Rig;
using namespace std::chrono_literals;

int bodies = 0;
awaitable<int> twice(int n) {
    ++bodies;
    co_await cohort::sleep_for(100ms);
    co_return 2 * n;
}
COHORT_JOB(twice);

enum class Way { refuses, freezes };

// Everything goes through it, of client and of worker.
class Unsteady : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;

    bool is_away = false;
    Way way = Way::refuses;
    int calls = 0;

    awaitable<std::vector<cohort::PushResult>> push(std::vector<cohort::NewJob> jobs) override {
        return pass(ProxyBroker::push(std::move(jobs)));
    }
    awaitable<cohort::BeatReply> renew(cohort::Beat beat) override {
        return pass(ProxyBroker::renew(std::move(beat)));
    }
    awaitable<cohort::ClaimReply> claim(cohort::ClaimParams params) override {
        return pass(ProxyBroker::claim(std::move(params)));
    }
    awaitable<std::vector<cohort::Verdict>> settle(std::vector<cohort::Settlement> settlements) override {
        return pass(ProxyBroker::settle(std::move(settlements)));
    }
    awaitable<std::vector<cohort::Ending>> results(std::vector<cohort::JobRef> refs) override {
        return pass(ProxyBroker::results(std::move(refs)));
    }
    awaitable<std::vector<cohort::EndedJob>> watch(cohort::WatchParams params) override {
        return pass(ProxyBroker::watch(std::move(params)));
    }
    awaitable<cohort::UpkeepReply> upkeep(cohort::UpkeepParams params) override {
        return pass(ProxyBroker::upkeep(std::move(params)));
    }

private:
    template<class T>
    awaitable<T> pass(awaitable<T> call) {
        ++calls;
        if (is_away && way == Way::refuses) throw cohort::Error{errc::unavailable, "connection refused"};
        while (is_away)
            co_await cohort::sleep_for(10ms);  // as on a server that is stopped: the connection stays open
        T reply = co_await std::move(call);
        // An answer that is under way when the cable is cut does not arrive.
        if (is_away) throw cohort::Error{errc::uncertain, "connection lost"};
        co_return reply;
    }
};

struct Scene {
    Rig rig;
    std::shared_ptr<Unsteady> broker = std::make_shared<Unsteady>(rig.broker);
    std::optional<cohort::Client> client;

    Scene() {
        bodies = 0;
        rig.broker = broker;
        client.emplace(rig.loop.executor(), broker);
    }
};

awaitable<void> cut(Scene& scene, Way way, bool& resumed_in_time) {
    scene.broker->way = way;
    resumed_in_time = true;
    for (auto const work : {1500ms, 700ms, 4100ms}) {
        co_await cohort::sleep_for(work);
        scene.broker->is_away = true;
        co_await cohort::sleep_for(30s);
        scene.broker->is_away = false;
        int const before = bodies;
        co_await cohort::sleep_for(2s);
        if (bodies == before) resumed_in_time = false;
    }
}

awaitable<void> survive(Scene& scene, Way way) {
    constexpr int count = 10'000 / support::slowness;
    std::vector<std::tuple<int>> calls;
    for (int n = 0; n < count; ++n)
        calls.emplace_back(n);
    auto const jobs = co_await scene.client->enqueue_jobs<twice>(calls);
    // The lease is longer than each outage: nothing is lost by it.
    auto& worker = scene.rig.start<twice>({.concurrency = 64 / support::slowness, .lease = 2min});
    bool resumed_in_time = false;
    cohort::io::Scope scope;
    scope.spawn(scene.rig.loop.executor(), cut(scene, way, resumed_in_time));
    auto const outcomes = co_await cohort::wait_all(jobs, 1h);
    co_await scope.join();
    for (int n = 0; n < count; ++n)
        REQUIRE(outcomes[static_cast<std::size_t>(n)].value == 2 * n);
    CHECK(resumed_in_time);
    CHECK(bodies == count);
    CHECK(worker.stats().succeeded == count);
    CHECK(worker.stats().fenced == 0);
}

awaitable<void> count_calls(Scene& scene, int& calls) {
    scene.rig.start<twice>();
    co_await cohort::sleep_for(1min);
    int const before = scene.broker->calls;
    co_await cohort::sleep_for(10min);
    calls = scene.broker->calls - before;
}

struct Quiet {
    Quiet() { cohort::set_log_level(cohort::LogLevel::off); }
    ~Quiet() { cohort::set_log_level(cohort::LogLevel::warn); }
};

TEST_CASE("a broker that refuses for half a minute, three times: all results arrive, and work resumes within "
          "two seconds",
          "[I25]") {
    Quiet const quiet;
    Scene scene;
    scene.rig.run(survive(scene, Way::refuses));
}

TEST_CASE("a broker that freezes for half a minute, three times: all results arrive, and work resumes within "
          "two seconds",
          "[I25]") {
    Quiet const quiet;
    Scene scene;
    scene.rig.run(survive(scene, Way::freezes));
}

TEST_CASE("an idle worker asks its broker less than once a second", "[I04][I13]") {
    Scene scene;
    int calls = 0;
    scene.rig.run(count_calls(scene, calls));
    CHECK(calls > 0);
    CHECK(calls < 600);
}

}  // namespace outage_test
