// SPDX-License-Identifier: MIT
// Waiting for results of a broker that tells each once and cannot be read.
#include "support/proxy_broker.hpp"
#include "worker/rig.hpp"

#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <tuple>
#include <vector>

using cohort::awaitable;
using cohort::errc;
using support::Rig;
using namespace std::chrono_literals;

namespace told_test {

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);

// Answers a watch with all there is to say, and nothing else.
class Teller : public support::ProxyBroker {
public:
    explicit Teller(std::shared_ptr<cohort::Broker> inner) : ProxyBroker{std::move(inner)} {
        capabilities_ = ProxyBroker::capabilities();
        capabilities_.status = false;
    }

    int reads = 0;
    int watches = 0;
    bool is_shut = false;
    bool says_twice = false;

    cohort::Capabilities const& capabilities() const noexcept override { return capabilities_; }
    awaitable<std::vector<cohort::Ending>> results(std::vector<cohort::JobRef>) override {
        ++reads;
        throw cohort::Error{errc::not_supported, "results() of a broker without status"};
        co_return std::vector<cohort::Ending>{};
    }
    awaitable<std::vector<cohort::EndedJob>> watch(cohort::WatchParams params) override {
        ++watches;
        if (is_shut) throw cohort::Error{errc::auth_failed, "no right to listen"};
        std::vector<cohort::EndedJob> ended = co_await ProxyBroker::watch(std::move(params));
        std::vector<cohort::JobRef> refs;
        for (auto const& job : ended)
            refs.push_back(job.ref);
        std::vector<cohort::Ending> endings = co_await ProxyBroker::results(std::move(refs));
        for (std::size_t i = 0; i < ended.size(); ++i)
            ended[i].ending = std::move(endings[i]);
        if (says_twice && !ended.empty()) {
            auto other = ended.front();
            other.ending->result = "99";
            ended.push_back(std::move(other));
        }
        co_return ended;
    }

private:
    cohort::Capabilities capabilities_;
};

struct Scene {
    Rig rig;
    std::shared_ptr<Teller> broker = std::make_shared<Teller>(rig.broker);
    cohort::Client client{rig.loop.executor(), broker};
};

template<class T>
awaitable<errc> code_of(awaitable<T> operation) {
    errc code = errc::ok;
    try {
        co_await std::move(operation);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    co_return code;
}

awaitable<void> ask_late_and_again(Scene& scene) {
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    auto const before = co_await job.try_result();
    CHECK_FALSE(before.has_value());
    scene.rig.start<add>();
    co_await cohort::sleep_for(10min);
    for (int i = 0; i < 2; ++i) {
        int const sum = co_await job.result(1s);
        CHECK(sum == 5);
    }
    auto const so_far = co_await job.try_result();
    CHECK(so_far == 5);
    CHECK(scene.broker->reads == 0);
    // Once a minute, and not once a second.
    CHECK(scene.broker->watches < 20);
}

awaitable<void> many(Scene& scene) {
    std::vector<std::tuple<int, int>> calls;
    for (int n = 0; n < 300; ++n)
        calls.emplace_back(n, n);
    auto const jobs = co_await scene.client.enqueue_jobs<add>(calls);
    scene.rig.start<add>();
    auto const outcomes = co_await cohort::wait_all(jobs, 1min);
    for (int n = 0; n < 300; ++n)
        CHECK(outcomes[static_cast<std::size_t>(n)].value == 2 * n);
    CHECK(scene.broker->reads == 0);
}

awaitable<void> ask_for_another(Scene& scene) {
    auto const job = co_await scene.rig.client.enqueue_job<add>(2, 3);
    auto const found = scene.client.find<int>(job.ref());
    auto const begun = scene.rig.now();
    errc const code = co_await code_of(found.result(1min));
    CHECK(code == errc::not_supported);
    CHECK(scene.rig.now() == begun);
}

awaitable<void> ask_in_vain(Scene& scene) {
    scene.broker->is_shut = true;
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    errc const code = co_await code_of(job.result(1min));
    CHECK(code == errc::auth_failed);
}

awaitable<void> told_twice(Scene& scene) {
    scene.broker->says_twice = true;
    auto const job = co_await scene.client.enqueue_job<add>(2, 3);
    scene.rig.start<add>();
    co_await cohort::sleep_for(10s);
    int const sum = co_await job.result(1s);
    CHECK(sum == 5);
}

}  // namespace told_test

using namespace told_test;

TEST_CASE("what a broker tells once is kept for who asks late, and for who asks again", "[I17]") {
    Scene scene;
    scene.rig.run(ask_late_and_again(scene));
}

TEST_CASE("jobs that were pushed together are awaited together on replies alone") {
    Scene scene;
    scene.rig.run(many(scene));
}

TEST_CASE("a job of another client is refused at once where results cannot be read") {
    Scene scene;
    scene.rig.run(ask_for_another(scene));
}

TEST_CASE("a client that may not listen is told so, where listening is all there is") {
    Scene scene;
    scene.rig.run(ask_in_vain(scene));
}

TEST_CASE("of two words on the end of a job the first counts") {
    Scene scene;
    scene.rig.run(told_twice(scene));
}
