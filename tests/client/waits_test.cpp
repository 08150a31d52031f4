// SPDX-License-Identifier: MIT
// Waiting for results beside a broker that is away, silent, or has no such thing.
#include "support/proxy_broker.hpp"
#include "worker/rig.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace waits_test {

using cohort::awaitable;
using cohort::errc;
using support::Rig;
using namespace std::chrono_literals;

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);

enum class Mood { well, away, silent, unable };

// What a client reads and hears; it can always enqueue.
class Moody : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;

    Mood mood = Mood::well;
    int reads = 0;

    awaitable<std::vector<cohort::Ending>> results(std::vector<cohort::JobRef> refs) override {
        ++reads;
        co_await disturb();
        std::vector<cohort::Ending> endings = co_await ProxyBroker::results(std::move(refs));
        co_return endings;
    }
    awaitable<std::vector<cohort::EndedJob>> watch(cohort::WatchParams params) override {
        co_await disturb();
        std::vector<cohort::EndedJob> ended = co_await ProxyBroker::watch(std::move(params));
        co_await disturb();
        co_return ended;
    }

private:
    awaitable<void> disturb() {
        if (mood == Mood::away) throw cohort::Error{errc::unavailable, "gone fishing"};
        if (mood == Mood::unable) throw cohort::Error{errc::auth_failed, "no right to read"};
        if (mood == Mood::silent) co_await cohort::sleep_for(1h);
    }
};

struct Scene {
    Rig rig;
    std::shared_ptr<Moody> broker = std::make_shared<Moody>(rig.broker);
    cohort::Client client{rig.loop.executor(), broker};
};

errc code_of(std::exception_ptr const& error, std::string* text = nullptr) {
    if (!error) return errc::ok;
    try {
        std::rethrow_exception(error);
    } catch (cohort::Error const& e) {
        if (text != nullptr) *text = e.what();
        return e.which();
    }
}

awaitable<std::exception_ptr> wait_for(cohort::Job<int> const& job, cohort::Duration timeout) {
    std::exception_ptr error;
    try {
        co_await job.result(timeout);
    } catch (...) {
        error = std::current_exception();
    }
    co_return error;
}

namespace {

awaitable<void> short_outage(Scene& scene) {
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    scene.broker->mood = Mood::away;
    auto end_outage = [&]() -> awaitable<void> {
        co_await cohort::sleep_for(20s);
        scene.broker->mood = Mood::well;
    };
    cohort::io::Scope scope;
    scope.spawn(scene.rig.loop.executor(), end_outage());
    scene.rig.start<add>();
    auto const begun = scene.rig.now();
    int const sum = co_await job.result(1min);
    CHECK(sum == 5);
    CHECK(scene.rig.now() - begun < 23s);
    co_await scope.join();
}

awaitable<void> in_time(Scene& scene, Mood mood, std::string const& expected) {
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    scene.broker->mood = mood;
    auto const begun = scene.rig.now();
    std::exception_ptr const error = co_await wait_for(job, 12s);
    std::string text;
    CHECK(code_of(error, &text) == errc::timed_out);
    CHECK(text.find(expected) != std::string::npos);
    CHECK(scene.rig.now() - begun == 12s);
}

awaitable<void> shorter_than_a_call(Scene& scene) {
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    scene.broker->mood = Mood::silent;
    auto const begun = scene.rig.now();
    std::exception_ptr const error = co_await wait_for(job, 100ms);
    CHECK(code_of(error) == errc::timed_out);
    CHECK(scene.rig.now() - begun == 100ms);
}

awaitable<void> useless(Scene& scene) {
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    scene.broker->mood = Mood::unable;
    auto const begun = scene.rig.now();
    std::exception_ptr const error = co_await wait_for(job, 1min);
    CHECK(code_of(error) == errc::auth_failed);
    CHECK(scene.rig.now() - begun < 1s);
}

}  // namespace

TEST_CASE("a result is not given up because the broker is away for a while") {
    Scene scene;
    scene.rig.run(short_outage(scene));
}

TEST_CASE("who waits for a result of a broker that is away gives up in time, and is told why") {
    Scene scene;
    scene.rig.run(in_time(scene, Mood::away, "gone fishing"));
}

TEST_CASE("a broker that does not answer holds nobody beyond the time that he gave") {
    Scene scene;
    scene.rig.run(in_time(scene, Mood::silent, "it goes on"));
}

TEST_CASE("a time that is shorter than the deadline of a broker call is kept too") {
    Scene scene;
    scene.rig.run(shorter_than_a_call(scene));
}

TEST_CASE("trouble that does not pass ends a wait at once") {
    Scene scene;
    scene.rig.run(useless(scene));
}

}  // namespace waits_test
