// SPDX-License-Identifier: MIT
// What clients and services are promised, on a real RabbitMQ server. The wall clock is meant here: it is the
// server's.
#include "support/process.hpp"
#include "support/rabbitmq_server.hpp"
#include "support/slowness.hpp"

#include <cohort/client.hpp>
#include <cohort/context.hpp>
#include <cohort/id.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <iostream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace rabbitmq_tasks_test {

using namespace std::chrono_literals;
using cohort::awaitable;
using cohort::errc;
using cohort::JobState;

std::string join(std::string first, std::string second, std::string between = ", ") {
    return first + between + second;
}
COHORT_JOB(join, .params = "first, second, between");
int twice(int n) {
    return 2 * n;
}
COHORT_JOB(twice);
void fail() {
    throw std::runtime_error{"no paper"};
}
COHORT_JOB(fail);
std::vector<std::string> envelope(cohort::Context& context) {
    auto const& job = context.job();
    return {job.sender, job.client, job.ref.queue, job.ref.id};
}
COHORT_JOB(envelope);

std::atomic<int> destroyed = 0;
awaitable<void> endless() {
    struct Mark {
        ~Mark() { ++destroyed; }
    };
    Mark const mark;
    co_await cohort::sleep_for(1h);
}
COHORT_JOB(endless);
COHORT_JOB_AS(endless_by_job, endless, .timeout = 1500ms);

namespace {

bool is_skipped() {
    if (!support::rabbitmq_url().empty()) return false;
    std::cout << "SKIPPED: no rabbitmq-server runs for the tests\n";
    return true;
}

// A namespace of the case's own.
std::string url(std::string const& more = {}) {
    return support::rabbitmq_url() + "?namespace=" + cohort::random_id() + more;
}

// A worker in the background that knows all jobs of this file.
class Service {
public:
    explicit Service(std::shared_ptr<cohort::Broker> broker, cohort::WorkerOptions options = {})
        : worker_{std::move(broker), std::move(options)} {
        worker_.add<join>();
        worker_.add<twice>();
        worker_.add<fail>();
        worker_.add<envelope>();
        worker_.add<endless>();
        worker_.add<endless_by_job>();
        running_.emplace(worker_);
    }
    cohort::Worker& worker() noexcept { return worker_; }

private:
    cohort::Worker worker_;
    std::optional<cohort::BackgroundWorker> running_;
};

cohort::Duration now() {
    return cohort::system_clock().steady();
}

awaitable<void> calls_and_results(std::shared_ptr<cohort::Broker> broker) {
    cohort::Client client{broker};
    auto const one = co_await client.enqueue_job<join>("a", "b");
    auto const two = co_await client.enqueue_job<join>("a", "b", "-");
    auto const three = co_await client.enqueue_job<join>("a", "b");
    std::set<std::string> const ids{one.id(), two.id(), three.id()};
    CHECK(ids.size() == 3);
    auto const failing = co_await client.enqueue_job<fail>();
    // Nobody works yet: asking does not wait.
    auto const begun = now();
    auto const early = co_await one.try_result();
    CHECK_FALSE(early.has_value());
    CHECK(now() - begun < 100ms * support::slowness);

    Service const service{broker};
    // Any number may wait for one job.
    std::vector<cohort::Job<std::string>> const same(100, one);
    auto const outcomes = co_await cohort::wait_all(same, 20s);
    for (auto const& outcome : outcomes)
        CHECK(outcome.value == "a, b");
    auto const second = co_await two.result(20s);
    CHECK(second == "a-b");
    auto const third = co_await three.result(20s);
    CHECK(third == "a, b");
    auto const named =
        co_await client.enqueue_named("rabbitmq_tasks_test.join", R"({"second":"b","first":"a"})");
    auto const by_name = co_await named.result(20s);
    CHECK(by_name.str() == R"("a, b")");

    for (int reading = 0; reading < 2; ++reading) {
        auto const value = co_await one.try_result();
        CHECK(value == "a, b");
    }
    co_await failing.wait(20s);
    bool has_thrown = false;
    try {
        co_await failing.try_result();
    } catch (cohort::JobFailed const& failed) {
        has_thrown = failed.error() == "no paper";
    }
    CHECK(has_thrown);
}

awaitable<void> waits_too_long(std::shared_ptr<cohort::Broker> broker) {
    cohort::Client client{broker};
    auto const job = co_await client.enqueue_job<twice>(21);
    auto const begun = now();
    errc code = errc::ok;
    try {
        co_await job.result(500ms);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    auto const took = now() - begun;
    CHECK(code == errc::timed_out);
    CHECK(took >= 500ms);
    CHECK(took < 500ms + 100ms * support::slowness);
    // The job is there still, and a wait without a limit gets it.
    Service const service{broker};
    int const value = co_await job.result(cohort::no_timeout);
    CHECK(value == 42);
}

awaitable<void> runs_too_long(std::shared_ptr<cohort::Broker> broker) {
    cohort::Policy policy;
    policy.timeout = 700ms;
    cohort::Client client{broker, {.policy = policy}};
    Service const service{broker, {.concurrency = 1}};
    int const before = destroyed;
    auto begun = now();
    auto const by_client = co_await client.enqueue_job<endless>();
    auto const next = co_await client.enqueue_job<twice>(4);
    auto const first = co_await by_client.outcome(20s);
    CHECK(first.reason == cohort::FailReason::timeout);
    CHECK(now() - begun >= 700ms);
    CHECK(destroyed == before + 1);
    // Its slot is free.
    auto const freed = now();
    int const value = co_await next.result(20s);
    CHECK(value == 8);
    CHECK(now() - freed < 500ms * support::slowness);

    begun = now();
    auto const by_job = co_await client.enqueue_job<endless_by_job>();
    auto const second = co_await by_job.outcome(20s);
    CHECK(second.reason == cohort::FailReason::timeout);
    CHECK(now() - begun >= 1500ms);
    begun = now();
    auto const by_call = co_await client.enqueue_job<endless_by_job>({.timeout = 200ms});
    auto const third = co_await by_call.outcome(20s);
    CHECK(third.reason == cohort::FailReason::timeout);
    CHECK(now() - begun < 1500ms);
}

awaitable<void> reports(std::shared_ptr<cohort::Broker> broker) {
    cohort::Client client{broker};
    Service const service{broker, {.unknown_job = 0s}};
    auto const job = co_await client.enqueue_job<fail>();
    std::string text;
    try {
        co_await job.result(20s);
    } catch (cohort::JobFailed const& failed) {
        text = failed.what();
        CHECK(failed.error() == "no paper");
        CHECK(failed.job() == job.ref());
    }
    CHECK(text.find(std::string{job.id()}) != std::string::npos);
    CHECK(text.find("no paper") != std::string::npos);
    auto const nobodys = co_await client.enqueue_named("shop.nothing", "[]");
    auto const outcome = co_await nobodys.outcome(20s);
    CHECK(outcome.reason == cohort::FailReason::unknown_job);
    CHECK(outcome.error.find("shop.nothing") != std::string::npos);
}

awaitable<void> two_clients(std::shared_ptr<cohort::Broker> broker, cohort::Client& a, cohort::Client& b) {
    std::vector<cohort::Job<int>> of_a;
    std::vector<cohort::Job<int>> of_b;
    for (int n = 0; n < 20; ++n) {
        auto const first = co_await a.enqueue_job<twice>(n);
        of_a.push_back(first);
        auto const second = co_await b.enqueue_job<twice>(100 + n);
        of_b.push_back(second);
    }
    auto const written = co_await a.enqueue_job<envelope>();
    Service const service{broker, {.queues = {"client-service"}}};
    auto const first = co_await cohort::wait_all(of_a, 20s);
    auto const second = co_await cohort::wait_all(of_b, 20s);
    for (int n = 0; n < 20; ++n) {
        CHECK(first[static_cast<std::size_t>(n)].value == 2 * n);
        CHECK(second[static_cast<std::size_t>(n)].value == 2 * (100 + n));
    }
    auto const seen = co_await written.result(20s);
    CHECK(seen[0].starts_with("shop@"));
    CHECK(seen[1] == "service-client.a");
    CHECK(seen[2] == "client-service");
    CHECK(seen[3] == written.id());
    // Neither hears of the other's jobs.
    bool const heard = co_await a.find<int>(of_b[0].ref()).wait(300ms);
    CHECK_FALSE(heard);
}

awaitable<void> replies_stay(std::string broker) {
    cohort::ClientOptions const options{.queue = "client-service", .reply_to = "service-client"};
    std::vector<cohort::JobRef> refs;
    {
        cohort::Client client{broker, options};
        for (int n = 0; n < 5; ++n) {
            auto const job = co_await client.enqueue_job<twice>(n);
            refs.push_back(job.ref());
        }
    }
    // It is started again when all has been done: the only slot gives the last job's result last.
    Service const service{cohort::open_broker(broker), {.queues = {"client-service"}, .concurrency = 1}};
    cohort::Client other{broker, {.queue = "client-service"}};
    auto const last = co_await other.enqueue_job<twice>(9);
    co_await last.result(20s);
    cohort::Client client{broker, options};
    int const third = co_await client.find<int>(refs[3]).result(20s);
    CHECK(third == 6);
    for (std::size_t const n : {4u, 0u, 2u, 1u, 3u}) {
        int const value = co_await client.find<int>(refs[n]).result(20s);
        CHECK(value == 2 * static_cast<int>(n));
    }
}

std::size_t connections_of(std::string const& name) {
    std::string const all = support::rabbitmqctl("-q list_connections client_properties");
    std::size_t count = 0;
    for (auto at = all.find(name + ":"); at != all.npos; at = all.find(name + ":", at + 1))
        ++count;
    return count;
}

// What the server says of it is a moment late.
bool becomes(std::string const& name, std::size_t count) {
    for (int tries = 0; tries < 20; ++tries) {
        if (connections_of(name) == count) return true;
        std::this_thread::sleep_for(200ms);
    }
    return false;
}

awaitable<void> ask_both(cohort::Client& one, cohort::Client& other) {
    auto const first = co_await one.enqueue_job<twice>(1);
    auto const second = co_await other.enqueue_job<twice>(2);
    int const a = co_await first.result(20s);
    int const b = co_await second.result(20s);
    CHECK(a == 2);
    CHECK(b == 4);
}

awaitable<errc> code_of_enqueue(cohort::Client& client) {
    errc code = errc::ok;
    try {
        co_await client.enqueue_job<twice>(1);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    co_return code;
}

awaitable<void> overdue(std::shared_ptr<cohort::Broker> broker) {
    cohort::Client patient{broker};
    cohort::Client strict{broker, {.overdue = 3s}};
    auto const late = co_await patient.enqueue_job<twice>({.delay = 500ms}, 1);
    auto const never = co_await strict.enqueue_job<twice>({.delay = 500ms}, 2);
    auto const far = co_await strict.enqueue_job<twice>({.delay = 6s}, 3);
    auto const at = cohort::system_clock().now() + 6s;
    auto const at_a_time = co_await strict.enqueue_job<twice>({.eta = at}, 4);
    co_await cohort::sleep_for(4s);
    Service const service{broker};
    int const value = co_await late.result(20s);
    CHECK(value == 2);
    auto const outcome = co_await never.outcome(20s);
    CHECK(outcome.state == JobState::expired);
    int const third = co_await far.result(20s);
    CHECK(third == 6);
    int const fourth = co_await at_a_time.result(20s);
    CHECK(fourth == 8);
}

}  // namespace

TEST_CASE(
    "on RabbitMQ, each call has an id, its arguments arrive, and its result is read by anybody who waits",
    "[rabbitmq][I07][I08][I09][S02][S19][S20][S26]") {
    if (is_skipped()) return;
    cohort::run(calls_and_results(cohort::open_broker(url())));
}

TEST_CASE("on RabbitMQ, a wait that is too long ends with its own error, and the job stays",
          "[rabbitmq][I17]") {
    if (is_skipped()) return;
    cohort::run(waits_too_long(cohort::open_broker(url())));
}

TEST_CASE("on RabbitMQ, a run past the limit of call, job or client is cancelled, told, and leaves its slot",
          "[rabbitmq][I18][S09][S16]") {
    if (is_skipped()) return;
    cohort::run(runs_too_long(cohort::open_broker(url())));
}

TEST_CASE(
    "on RabbitMQ, what a body throws reaches the caller with the job's id, and an unknown function its name",
    "[rabbitmq][I19]") {
    if (is_skipped()) return;
    cohort::run(reports(cohort::open_broker(url())));
}

TEST_CASE(
    "on RabbitMQ, requests and replies have durable queues of chosen names, and no client hears another's",
    "[rabbitmq][S01][S05]") {
    if (is_skipped()) return;
    std::string const address = url();
    auto const broker = cohort::open_broker(address);
    cohort::Client a{broker, {.name = "shop", .queue = "client-service", .reply_to = "service-client.a"}};
    cohort::Client b{broker, {.name = "shop", .queue = "client-service", .reply_to = "service-client.b"}};
    cohort::run(two_clients(broker, a, b));
    std::string const space = address.substr(address.find('=') + 1);
    std::string const queues = support::rabbitmqctl("-q list_queues name durable");
    for (char const* const name :
         {":jobs:client-service", ":replies:service-client.a", ":replies:service-client.b"})
        CHECK(queues.find("cohort:" + space + name + "\ttrue") != std::string::npos);
}

TEST_CASE(
    "on RabbitMQ, the reply of one id is read and the others stay, also for a client that was started again",
    "[rabbitmq][S24][S01]") {
    if (is_skipped()) return;
    cohort::run(replies_stay(url()));
}

TEST_CASE("on RabbitMQ, clients and a worker share one connection object, and closing it closes all",
          "[rabbitmq][S07][S30][S44]") {
    if (is_skipped()) return;
    std::string const name = "shared-" + cohort::random_id();
    auto const broker = cohort::open_broker(url("&name=" + name));
    cohort::Client one{broker};
    cohort::Client other{broker};
    Service const service{broker};
    cohort::run(ask_both(one, other));
    // To push, to work and to watch; and no more of them for a second client.
    CHECK(becomes(name, 3));
    broker->close();
    CHECK(becomes(name, 0));
    CHECK(cohort::run(code_of_enqueue(one)) == errc::closed);
    CHECK(cohort::run(code_of_enqueue(other)) == errc::closed);
}

TEST_CASE(
    "on RabbitMQ, a job that fell due while no worker ran is run late, or has expired, as its client says",
    "[rabbitmq][S11]") {
    if (is_skipped()) return;
    cohort::run(overdue(cohort::open_broker(url())));
}

}  // namespace rabbitmq_tasks_test
