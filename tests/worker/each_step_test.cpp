// SPDX-License-Identifier: MIT
// One story of a client and a worker, told again and again: each time another call of the broker fails, or
// the story is broken off at another one, until a telling passes untouched. Whatever happens, nothing is
// lost, done twice or stuck.
#include "support/proxy_broker.hpp"
#include "worker/rig.hpp"

#include <cohort/context.hpp>
#include <cohort/inspector.hpp>
#include <cohort/log.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace each_step_test {

using cohort::awaitable;
using cohort::errc;
using cohort::Error;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

std::map<std::string, int> runs;  // by id

int add(cohort::Context& context, int a, int b) {
    ++runs[context.job().ref.id];
    return a + b;
}
COHORT_JOB(add);
awaitable<int> slow(cohort::Context& context, int n) {
    ++runs[context.job().ref.id];
    co_await cohort::sleep_for(3s);
    co_return n;
}
COHORT_JOB(slow);
int flaky(cohort::Context& context) {
    ++runs[context.job().ref.id];
    if (context.job().counters.failures == 0) throw std::runtime_error{"not yet"};
    return 7;
}
COHORT_JOB(flaky, .max_retries = 2, .backoff = cohort::Backoff{.initial = 1s, .jitter = false});

enum class Fault {
    refused,  // the call does not reach the broker
    lost,     // it does, but its answer is lost
    silent,   // the same, and nobody says so
};

// Disturbs the n-th call.
class Disturbed : public support::ProxyBroker {
public:
    using ProxyBroker::ProxyBroker;

    int calls = 0;
    int at = 0;
    Fault fault = Fault::refused;
    std::function<void()> instead;  // called at that call, which is then left alone
    std::string hit;                // the verb that was disturbed

    awaitable<std::vector<cohort::PushResult>> push(std::vector<cohort::NewJob> jobs) override {
        return disturb("push", ProxyBroker::push(std::move(jobs)));
    }
    awaitable<void> enlist(cohort::WorkerInfo worker) override {
        auto call = nothing(ProxyBroker::enlist(std::move(worker)));
        co_await disturb("enlist", std::move(call));
    }
    awaitable<cohort::BeatReply> renew(cohort::Beat beat) override {
        return disturb("renew", ProxyBroker::renew(std::move(beat)));
    }
    awaitable<void> retire(std::string incarnation) override {
        auto call = nothing(ProxyBroker::retire(std::move(incarnation)));
        co_await disturb("retire", std::move(call));
    }
    awaitable<cohort::ClaimReply> claim(cohort::ClaimParams params) override {
        return disturb("claim", ProxyBroker::claim(std::move(params)));
    }
    awaitable<std::vector<cohort::Verdict>> settle(std::vector<cohort::Settlement> settlements) override {
        return disturb("settle", ProxyBroker::settle(std::move(settlements)));
    }
    awaitable<std::vector<cohort::CancelVerdict>> cancel(std::vector<cohort::JobRef> refs) override {
        return disturb("cancel", ProxyBroker::cancel(std::move(refs)));
    }
    awaitable<std::vector<std::optional<cohort::JobRecord>>>
    status(std::vector<cohort::JobRef> refs) override {
        return disturb("status", ProxyBroker::status(std::move(refs)));
    }
    awaitable<std::vector<cohort::Ending>> results(std::vector<cohort::JobRef> refs) override {
        return disturb("results", ProxyBroker::results(std::move(refs)));
    }
    awaitable<std::vector<cohort::EndedJob>> watch(cohort::WatchParams params) override {
        return disturb("watch", ProxyBroker::watch(std::move(params)));
    }
    awaitable<cohort::UpkeepReply> upkeep(cohort::UpkeepParams params) override {
        return disturb("upkeep", ProxyBroker::upkeep(std::move(params)));
    }

private:
    static awaitable<int> nothing(awaitable<void> call) {
        co_await std::move(call);
        co_return 0;
    }
    template<class T>
    awaitable<T> disturb(char const* verb, awaitable<T> call) {
        bool const is_it = ++calls == at;
        if (is_it) hit = verb;
        if (is_it && instead) instead();
        bool const fails = is_it && !instead;
        if (fails && fault == Fault::refused) throw Error{errc::unavailable, "disturbed"};
        T reply = co_await std::move(call);
        if (fails && fault == Fault::lost) throw Error{errc::uncertain, "disturbed"};
        if (fails && fault == Fault::silent) {
            try {
                co_await cohort::sleep_for(1h);
            } catch (...) {
            }
            throw Error{errc::uncertain,
                        "disturbed"};  // what a broker has to say when it is cancelled so late
        }
        co_return reply;
    }
};

// Trouble of which the contract says: ask again.
bool may_ask_again(Error const& error) {
    return error.which() == errc::unavailable || error.which() == errc::uncertain;
}

template<class Call>
auto surely(Call call) -> decltype(call()) {
    for (int attempt = 1;; ++attempt) {
        try {
            auto reply = co_await call();
            co_return reply;
        } catch (Error const& error) {
            if (!may_ask_again(error) || attempt == 3) throw;
        }
    }
}

struct Scene {
    Rig rig;
    std::shared_ptr<cohort::Broker> inner = rig.broker;
    std::shared_ptr<Disturbed> broker = std::make_shared<Disturbed>(inner);
    std::optional<cohort::Client> client;

    Scene() {
        runs.clear();
        rig.broker = broker;
        client.emplace(rig.loop.executor(), broker);
    }
};

std::vector<std::string> const adding{"a", "b1", "b2", "b3"};

// What the client does.
awaitable<void> tell(Scene& scene) {
    auto& client = *scene.client;
    auto enqueue_a = [&] { return client.enqueue_job<add>({.id = "a"}, 1, 2); };
    auto const a = co_await surely(enqueue_a);
    cohort::Batch batch;
    batch.add<add>({.id = "b1"}, 10, 1);
    batch.add<add>({.id = "b2"}, 10, 2);
    batch.add<add>({.id = "b3"}, 10, 3);
    auto enqueue_batch = [&] { return client.enqueue_batch(batch); };
    auto const handles = co_await surely(enqueue_batch);
    auto enqueue_flaky = [&] { return client.enqueue_job<flaky>({.id = "flaky"}); };
    auto const f = co_await surely(enqueue_flaky);
    auto enqueue_slow = [&] { return client.enqueue_job<slow>({.id = "slow"}, 5); };
    auto const s = co_await surely(enqueue_slow);
    auto enqueue_late = [&] { return client.enqueue_job<add>({.id = "late", .delay = 1h}, 0, 0); };
    auto const late = co_await surely(enqueue_late);
    auto cancel_late = [&] { return late.cancel(); };
    auto const verdict = co_await surely(cancel_late);
    CHECK((verdict == cohort::CancelVerdict::cancelled || verdict == cohort::CancelVerdict::finished));

    int const sum = co_await a.result(5min);
    CHECK(sum == 3);
    for (int i = 0; i < 3; ++i) {
        cohort::Ending const ending = co_await handles[static_cast<std::size_t>(i)].ending(5min);
        CHECK(ending.result == std::to_string(11 + i));
    }
    int const seven = co_await f.result(5min);
    CHECK(seven == 7);
    int const five = co_await s.result(5min);
    CHECK(five == 5);
    auto read_status = [&] { return a.status(); };
    auto const record = co_await surely(read_status);
    CHECK(record->state == JobState::succeeded);
}

cohort::WorkerOptions options() {
    return {.concurrency = 2, .lease = 30s, .upkeep = 5s, .grace = 10s};
}

awaitable<std::vector<cohort::JobRecord>> all_jobs(Scene& scene) {
    cohort::ListParams params;
    params.queue = "default";
    cohort::ListPage page = co_await scene.inner->inspector()->list(std::move(params));
    co_return std::move(page.jobs);
}

// What must hold in the end, however it came about.
awaitable<void> check_store(Scene& scene, bool is_whole) {
    auto const jobs = co_await all_jobs(scene);
    if (is_whole) CHECK(jobs.size() == 7);
    for (auto const& job : jobs) {
        CAPTURE(job.ref.id, to_string(job.state), job.error);
        bool const is_late = job.ref.id == "late";
        CHECK((job.state == (is_late ? JobState::cancelled : JobState::succeeded) ||
               (!is_whole && is_late && job.state == JobState::scheduled)));
        CHECK(job.counters.lost == 0);
        CHECK(job.counters.failures == (job.ref.id == "flaky" ? 1u : 0u));
    }
    auto const faults = co_await scene.inner->inspector()->audit();
    CHECK(faults == std::vector<std::string>{});
    // A life that began unheard ends with its lease.
    co_await cohort::sleep_for(31s);
    cohort::UpkeepParams params;
    params.queues = {"default"};
    co_await scene.inner->upkeep(std::move(params));
    auto const workers = co_await scene.inner->inspector()->workers();
    CHECK(workers.empty());
}

awaitable<void> fail_once(Scene& scene) {
    scene.rig.start<add, slow, flaky>(options());
    auto const begun = scene.rig.now();
    co_await tell(scene);
    CHECK(scene.rig.now() - begun < 90s);
    co_await scene.rig.stop();
    CHECK(scene.rig.now() - begun < 120s);
    for (auto const& id : adding)
        CHECK(runs[id] == 1);
    CHECK(runs["slow"] == 1);
    CHECK(runs["flaky"] == 2);
    CHECK(runs["late"] == 0);
    co_await check_store(scene, true);
}

// The client's story is cancelled in the middle of the n-th call; the worker, and another client, go on.
awaitable<void> leave_client(Scene& scene) {
    scene.rig.start<add, slow, flaky>(options());
    cohort::io::Scope scope;
    scene.broker->instead = [&scope] { scope.cancel(); };
    scope.spawn(scene.rig.loop.executor(), tell(scene));
    co_await scope.join();
    scene.client.reset();

    auto const job = co_await scene.rig.client.enqueue_job<add>({.id = "after"}, 20, 22);
    int const sum = co_await job.result(2min);
    CHECK(sum == 42);
    co_await cohort::sleep_for(2min);
    for (auto const& [id, count] : runs)
        CHECK(count == (id == "flaky" ? 2 : 1));
    co_await scene.rig.stop();
    co_await check_store(scene, false);
}

// The worker is cancelled in the middle of the n-th call, which is stop(); another one does what is left.
awaitable<void> leave_worker(Scene& scene) {
    cohort::io::Scope scope;
    scene.broker->instead = [&scope] { scope.cancel(); };
    cohort::Worker first{scene.broker, [] {
                             auto all = options();
                             all.threads = 0;
                             return all;
                         }()};
    first.add<add>();
    first.add<slow>();
    first.add<flaky>();
    scope.spawn(scene.rig.loop.executor(), first.run());
    cohort::io::Scope story;
    story.spawn(scene.rig.loop.executor(), tell(scene));
    co_await cohort::sleep_for(10s);
    first.stop();
    co_await scope.join();
    scene.rig.start<add, slow, flaky>(options());
    co_await story.join();
    co_await scene.rig.stop();
    // It was let finish what it had begun.
    for (auto const& [id, count] : runs)
        CHECK(count == (id == "flaky" ? 2 : 1));
    co_await check_store(scene, true);
}

// Plays until a telling makes fewer calls than the one that was to be disturbed.
int at_each_call(Fault fault, awaitable<void> (*play)(Scene&)) {
    auto const level =
        cohort::is_logged(cohort::LogLevel::warn) ? cohort::LogLevel::warn : cohort::LogLevel::off;
    cohort::set_log_level(cohort::LogLevel::off);
    int n = 1;
    for (bool disturbed = true; disturbed; ++n) {
        std::weak_ptr<cohort::Broker> left;
        {
            Scene scene;
            left = scene.inner;
            scene.broker->at = n;
            scene.broker->fault = fault;
            INFO("the call " << n);
            scene.rig.run(play(scene));
            disturbed = !scene.broker->hit.empty();
        }
        CHECK(left.expired());  // nobody holds it any more
        REQUIRE(n < 1000);
    }
    cohort::set_log_level(level);
    return n - 2;
}

TEST_CASE("a call that does not reach the broker harms nobody, whichever it is", "[steps][I25]") {
    CHECK(at_each_call(Fault::refused, fail_once) > 25);
}

TEST_CASE("an answer that is lost harms nobody, whichever it is", "[steps][I25][F27]") {
    CHECK(at_each_call(Fault::lost, fail_once) > 25);
}

TEST_CASE("a broker that falls silent in a call harms nobody, whichever it is", "[steps][I25]") {
    CHECK(at_each_call(Fault::silent, fail_once) > 25);
}

TEST_CASE("a client that is left in the middle of a call leaves nothing behind, whichever it is", "[steps]") {
    CHECK(at_each_call(Fault::refused, leave_client) > 25);
}

TEST_CASE("a worker that is left in the middle of a call leaves nothing undone, whichever it is", "[steps]") {
    CHECK(at_each_call(Fault::refused, leave_worker) > 25);
}

}  // namespace each_step_test
