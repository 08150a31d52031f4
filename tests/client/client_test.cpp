// SPDX-License-Identifier: MIT
// What a client may expect, with no worker at all.
#include "io/loop.hpp"
#include "worker/rig.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/register.hpp>
#include <cohort/sleep.hpp>

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace client_test {

using cohort::awaitable;
using cohort::errc;
using cohort::Error;
using cohort::JobState;
using support::Rig;
using namespace std::chrono_literals;

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add, .max_retries = 2);
std::string greet(std::string who, std::string greeting = "hello") {
    return greeting + " " + who;
}
COHORT_JOB(greet, .params = "who, greeting", .queue = "hi", .priority = 3);

template<class Function>
errc code_of(Function function) {
    try {
        function();
    } catch (Error const& error) {
        INFO(error.what());
        return error.which();
    }
    return errc::ok;
}

namespace {

awaitable<void> what_is_stored(Rig& rig) {
    auto const plain = co_await rig.client.enqueue_job<add>(2, 3);
    auto const first = co_await plain.status();
    CHECK(first->name == "client_test.add");
    CHECK(first->arguments == "[2,3]");
    CHECK(first->ref.queue == "default");
    CHECK(first->policy.max_retries == 2);
    CHECK(first->state == JobState::queued);

    auto const named = co_await rig.client.enqueue_job<greet>({.delay = 5s, .max_retries = 7}, "bob");
    auto const second = co_await named.status();
    CHECK(second->arguments == R"({"who":"bob"})");
    CHECK(second->ref.queue == "hi");
    CHECK(second->priority == 3);
    CHECK(second->policy.max_retries == 7);
    CHECK(second->state == JobState::scheduled);
    CHECK(second->due == rig.now() + 5s);
}

awaitable<void> times_out(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<add>(1, 2);
    auto const begun = rig.now();
    errc code = errc::ok;
    try {
        co_await job.result(100ms);
    } catch (Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::timed_out);
    CHECK(rig.now() - begun >= 100ms);
    CHECK(rig.now() - begun < 200ms);
    auto const record = co_await job.status();
    CHECK(record->state == JobState::queued);
    rig.start<add>();
    int const sum = co_await job.result(10s);
    int const again = co_await job.result(10s);
    CHECK(sum == 3);
    CHECK(again == 3);
}

awaitable<void> unknown_job(Rig& rig) {
    auto const begun = rig.now();
    auto const job = rig.client.find<int>({"default", "01UNKNOWN"});
    errc code = errc::ok;
    try {
        co_await job.result(1h);
    } catch (Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::job_not_found);
    CHECK(rig.now() - begun < 1s);
    auto const record = co_await job.status();
    CHECK_FALSE(record.has_value());
}

// Of a job that is nobody's, nobody is told.
awaitable<void> untold(Rig& rig) {
    cohort::NewJob job;
    job.ref = {"default", "untold"};
    job.name = "client_test.add";
    job.arguments = "[1,2]";
    job.delay = 100ms;
    std::vector<cohort::NewJob> jobs{std::move(job)};
    co_await rig.broker->push(std::move(jobs));
    rig.start<add>();
    auto const begun = rig.now();
    auto const handle = rig.client.find<int>({"default", "untold"});
    int const sum = co_await handle.result(1h);
    CHECK(sum == 3);
    CHECK(rig.now() - begun <= 1300ms);
}

awaitable<void> same_id(Rig& rig) {
    auto const first = co_await rig.client.enqueue_job<add>({.id = "one"}, 1, 2);
    auto const second = co_await rig.client.enqueue_job<add>({.id = "one"}, 1, 2);
    CHECK(first.ref() == second.ref());
    errc code = errc::ok;
    try {
        co_await rig.client.enqueue_job<add>({.id = "one"}, 1, 3);
    } catch (Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::duplicate_job_id);

    code = errc::ok;
    cohort::EnqueueOptions with_replicas;
    with_replicas.replicas.emplace();
    try {
        co_await rig.client.enqueue_job<add>(with_replicas, 1, 2);
    } catch (Error const& error) {
        code = error.which();
    }
    CHECK(code == errc::not_supported);

    auto const holder = co_await rig.client.enqueue_job<add>({.unique = "key"}, 1, 2);
    auto const other = co_await rig.client.enqueue_job<add>({.unique = "key"}, 5, 6);
    CHECK_FALSE(holder.is_duplicate());
    CHECK(other.is_duplicate());
    CHECK(other.ref() == holder.ref());
}

awaitable<void> wait_then_report(cohort::Job<int> job, int& sum, errc& code) {
    try {
        sum += co_await job.result(1h);
    } catch (Error const& error) {
        code = error.which();
    }
}

awaitable<void> many_wait(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<add>(1, 2);
    cohort::io::Scope scope;
    int sum = 0;
    errc code = errc::ok;
    for (int i = 0; i < 100; ++i)
        scope.spawn(rig.loop.executor(), wait_then_report(job, sum, code));
    co_await cohort::sleep_for(1s);
    rig.start<add>();
    co_await scope.join();
    CHECK(sum == 300);
    CHECK(code == errc::ok);
}

awaitable<void> closed_amid(Rig& rig) {
    auto const job = co_await rig.client.enqueue_job<add>(1, 2);
    cohort::io::Scope scope;
    int sum = 0;
    errc code = errc::ok;
    for (int i = 0; i < 100; ++i)
        scope.spawn(rig.loop.executor(), wait_then_report(job, sum, code));
    co_await cohort::sleep_for(1s);
    rig.client.close();
    co_await scope.join();
    CHECK(code == errc::closed);
    errc later = errc::ok;
    co_await wait_then_report(job, sum, later);
    CHECK(later == errc::closed);
}

awaitable<void> together(Rig& rig) {
    rig.start<add, greet>({.queues = {"default", "hi"}});
    std::vector<std::tuple<int, int>> calls;
    for (int i = 0; i < 1200; ++i)
        calls.emplace_back(i, 1);
    auto const jobs = co_await rig.client.enqueue_jobs<add>(calls);
    REQUIRE(jobs.size() == 1200);
    auto const outcomes = co_await cohort::wait_all(jobs, 1h);
    for (int i = 0; i < 1200; ++i)
        REQUIRE(*outcomes[static_cast<std::size_t>(i)].value == i + 1);

    cohort::Batch batch;
    batch.add<add>(20, 22);
    batch.add<greet>({.priority = 9}, "bob", "good day");
    auto handles = co_await rig.client.enqueue_batch(batch);
    cohort::AsCompleted done{std::move(handles)};
    std::set<std::string> results;
    while (done.left() > 0) {
        std::size_t const index = co_await done.next(1h);
        results.insert(done.ending(index).result);
    }
    CHECK(results == std::set<std::string>{"42", R"("good day bob")"});

    auto const raw =
        co_await rig.client.enqueue_named("client_test.greet", R"({"who":"al"})", {.queue = "hi"});
    cohort::Json const json = co_await raw.result(1h);
    CHECK(json.str() == R"("hello al")");
}

}  // namespace

TEST_CASE("a job carries its function's options, and a call's own win over them") {
    Rig rig;
    rig.run(what_is_stored(rig));
}

TEST_CASE("a wait that times out leaves the job alone, and may be repeated", "[F29][I17]") {
    Rig rig;
    rig.run(times_out(rig));
}

TEST_CASE("a job that nobody knows is reported at once, not after the timeout", "[F34]") {
    Rig rig;
    rig.run(unknown_job(rig));
}

TEST_CASE("a result of which nobody tells the client is found by asking, a second later", "[F30]") {
    Rig rig;
    rig.run(untold(rig));
}

TEST_CASE("the same id is the same job; a unique key gives the job that holds it", "[S08]") {
    Rig rig;
    rig.run(same_id(rig));
}

TEST_CASE("any number of coroutines may wait for one job", "[F31][I08][S26]") {
    Rig rig;
    rig.run(many_wait(rig));
}

TEST_CASE("closing the client ends every wait", "[F32]") {
    Rig rig;
    rig.run(closed_amid(rig));
}

TEST_CASE("jobs are sent together and awaited together, or as they come") {
    Rig rig;
    rig.run(together(rig));
}

TEST_CASE("what cannot be a job is refused before anything is sent") {
    Rig rig;
    auto& client = rig.client;
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.queue = "no spaces"}, 1, 2); }) ==
          errc::invalid_queue_name);
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.id = "../x"}, 1, 2); }) == errc::invalid_job_id);
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.delay = -1s}, 1, 2); }) == errc::invalid_delay);
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.timeout = 0s}, 1, 2); }) == errc::invalid_timeout);
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.delay = 5s, .expires = 2s}, 1, 2); }) ==
          errc::invalid_expiry);
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.priority = 101}, 1, 2); }) == errc::invalid_priority);
    CHECK(code_of([&] { (void)client.enqueue_job<add>({.max_retries = 1u << 31}, 1, 2); }) ==
          errc::invalid_retry_policy);
    CHECK(code_of([&] { (void)client.enqueue_named("", "[]"); }) == errc::invalid_job_name);
    CHECK(code_of([&] { (void)client.enqueue_named("x", "[1,"); }) == errc::payload_syntax);
    CHECK(code_of([&] { (void)client.enqueue_named("x", "3"); }) == errc::argument_type);
    CHECK(code_of([&] { (void)client.enqueue_job<greet>("\xff"); }) == errc::invalid_utf8);
}

TEST_CASE("a blocking client has the same verbs, and refuses its own thread", "[R06]") {
    auto const broker = cohort::memory::open(cohort::parse_url("memory:"));
    cohort::Worker worker{broker};
    worker.add<add>();
    cohort::BackgroundWorker running{worker};
    cohort::BlockingClient client{broker};

    CHECK(client.call<add>(1, 2) == 3);
    auto const job = client.enqueue_job<add>({.priority = 1}, 3, 4);
    CHECK(job.result(10s) == 7);
    CHECK(job.status()->state == JobState::succeeded);
    auto const jobs = client.enqueue_jobs<add>(std::vector<std::tuple<int, int>>{{1, 1}, {2, 2}});
    auto const outcomes = client.wait_all(jobs, 10s);
    CHECK(*outcomes[1].value == 4);
}

}  // namespace client_test
