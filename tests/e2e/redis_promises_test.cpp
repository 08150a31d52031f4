// SPDX-License-Identifier: MIT
// What users of queues on Redis count on, told of a real server and workers on threads of their own.
#include "support/by_hand.hpp"
#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/slowness.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/open.hpp>
#include <cohort/register.hpp>
#include <cohort/run.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace redis_promises_test {

using namespace std::chrono_literals;
using cohort::errc;
using support::answer;
using support::me;
using support::RedisServer;
using Steady = std::chrono::steady_clock;

std::array<std::atomic<int>, 10'000> runs_of;

cohort::awaitable<int> count_run(int n) {
    ++runs_of.at(static_cast<std::size_t>(n));
    co_return n;
}
COHORT_JOB(count_run);

int add(int a, int b) {
    return a + b;
}
COHORT_JOB(add);

using redis_promises_test::add;
using redis_promises_test::count_run;

namespace {

bool is_skipped() {
    auto const schemes = cohort::open_schemes();
    bool const is_built = std::find(schemes.begin(), schemes.end(), "redis") != schemes.end();
    if (is_built && RedisServer::is_installed()) return false;
    std::cout << "SKIPPED: redis-server is not installed, or the Redis broker is not built\n";
    return true;
}

cohort::Duration since(Steady::time_point begun) {
    return std::chrono::duration_cast<cohort::Duration>(Steady::now() - begun);
}

template<class Ask>
bool becomes_true(Ask ask, cohort::Duration patience = 20s) {
    auto const begun = Steady::now();
    while (!ask()) {
        if (since(begun) > patience * support::slowness) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

template<class Job>
errc code_of_result(Job const& job) {
    try {
        job.result(10s);
    } catch (cohort::Error const& error) {
        return error.which();
    }
    return errc::ok;
}

// Those that programs send; what scripts call is in the server's figures too.
std::int64_t commands(RedisServer const& server) {
    std::istringstream stats{server.ask("INFO commandstats")};
    std::int64_t sum = 0;
    for (std::string line; std::getline(stats, line);) {
        for (std::string const name : {"evalsha", "eval", "blpop", "ping", "subscribe"}) {
            std::string const head = "cmdstat_" + name + ":calls=";
            if (line.starts_with(head)) sum += std::stoll(line.substr(head.size()));
        }
    }
    return sum;
}

cohort::awaitable<void> note(std::vector<std::string>& called, char const* what) {
    called.emplace_back(what);
    co_return;
}

// A server that is started while it lives has a clock that is so far ahead.
class OtherTime {
public:
    explicit OtherTime(char const* ahead) {
        ::setenv("COHORT_CLOCK_AHEAD", ahead, 1);
        ::setenv("LD_PRELOAD", support::program("libother_clock.so").c_str(), 1);
    }
    ~OtherTime() {
        ::unsetenv("LD_PRELOAD");
        ::unsetenv("COHORT_CLOCK_AHEAD");
    }
    OtherTime(OtherTime const&) = delete;
    OtherTime& operator=(OtherTime const&) = delete;
};

}  // namespace

TEST_CASE("on Redis, eight clients hand thousands of jobs to eight workers, each to one", "[A02]") {
    if (is_skipped()) return;
    RedisServer const server;
    constexpr int clients = 8;
    constexpr int each = 1'250 / support::slowness;
    for (auto& runs : runs_of)
        runs = 0;
    std::deque<cohort::Worker> workers;
    std::deque<cohort::BackgroundWorker> running;
    for (int i = 0; i < 8; ++i) {
        workers.emplace_back(server.url(), cohort::WorkerOptions{.concurrency = 20});
        workers.back().add<count_run>();
        running.emplace_back(workers.back());
    }
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
        threads.emplace_back([&, i] {
            cohort::BlockingClient client{server.url()};
            std::vector<cohort::BlockingJob<int>> jobs;
            for (int n = i * each; n < (i + 1) * each; ++n)
                jobs.push_back(client.enqueue_job<count_run>(n));
            for (int n = 0; n < each; ++n)
                right += jobs[static_cast<std::size_t>(n)].result(60s) == i * each + n ? 1 : 0;
        });
    }
    for (auto& thread : threads)
        thread.join();
    CHECK(right == clients * each);
    auto const end = runs_of.begin() + clients * each;
    CHECK(std::all_of(runs_of.begin(), end, [](auto const& runs) { return runs == 1; }));
}

TEST_CASE("on Redis, an idle worker sends less than a command a second", "[I04]") {
    if (is_skipped()) return;
    RedisServer const server;
    cohort::Worker worker{server.url()};
    worker.add<add>();
    cohort::BackgroundWorker const running{worker};
    cohort::BlockingClient client{server.url()};
    REQUIRE(client.call<add>(1, 2) == 3);
    REQUIRE(commands(server) >= 3);
    std::this_thread::sleep_for(1s);  // the call has its end behind it
    auto const before = commands(server);
    std::this_thread::sleep_for(12s);
    auto const sent = commands(server) - before;
    INFO(sent << " commands in 12 s");
    CHECK(sent <= 12);
}

TEST_CASE("on Redis, a result is kept and read again for its time, or taken and gone", "[I30]") {
    if (is_skipped()) return;
    RedisServer const server;
    cohort::Worker worker{server.url(), {.upkeep = 200ms}};
    worker.add<add>();
    cohort::BackgroundWorker const running{worker};
    cohort::BlockingClient client{server.url()};
    auto const kept = client.enqueue_job<add>({.keep_result = 2s}, 1, 2);
    CHECK(kept.result(10s) == 3);
    CHECK(kept.result(10s) == 3);
    auto const taken = client.enqueue_job<add>(3, 4);
    CHECK(taken.take_result(10s) == 7);
    CHECK(code_of_result(taken) == errc::job_not_found);
    CHECK_FALSE(taken.status().has_value());
    CHECK(becomes_true([&] { return code_of_result(kept) == errc::job_not_found; }));
    CHECK(becomes_true([&] { return server.ask("HLEN 'cohort:{:default}:jobs'") == "0"; }));
    CHECK(server.ask("HLEN 'cohort:{:default}:results'") == "0");
}

TEST_CASE("on Redis, the hooks of a worker run once each, in order", "[I31]") {
    if (is_skipped()) return;
    RedisServer const server;
    std::vector<std::string> called;
    cohort::Worker worker{server.url()};
    worker.add<add>();
    worker.on_start([&called] { return note(called, "first start"); });
    worker.on_start([&called] { return note(called, "second start"); });
    worker.on_stop([&called] { return note(called, "stop"); });
    {
        cohort::BackgroundWorker const running{worker};
        cohort::BlockingClient client{server.url()};
        CHECK(client.call<add>(1, 2) == 3);
    }
    CHECK(called == std::vector<std::string>{"first start", "second start", "stop"});
}

TEST_CASE("on Redis, delays, queue times and retention go by the server's clock", "[I32]") {
    if (is_skipped()) return;
    char const* const ahead = GENERATE("3600", "-3600");
    std::optional<OtherTime> other{ahead};
    RedisServer const server;
    other.reset();
    auto const here =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    REQUIRE(std::abs(std::stoll(server.ask("TIME")) - here.count()) > 3500);

    cohort::Worker worker{server.url(), {.upkeep = 200ms}};
    worker.add<add>();
    cohort::BackgroundWorker const running{worker};
    cohort::BlockingClient client{server.url()};
    auto const begun = Steady::now();
    auto const job = client.enqueue_job<add>({.delay = 1s, .keep_result = 2s}, 1, 2);
    CHECK(job.result(20s) == 3);
    CHECK(since(begun) >= 1s);
    CHECK(since(begun) < 4s * support::slowness);
    auto const record = job.status();
    REQUIRE(record.has_value());
    CHECK(record->due - record->created == 1s);
    CHECK(*record->started - record->due >= 0s);
    CHECK(*record->started - record->due < 3s * support::slowness);
    CHECK(becomes_true([&] { return !job.status().has_value(); }));
    CHECK(since(begun) >= 3s);
}

TEST_CASE("on Redis, who takes a job by hand gets nothing at once, or waits as long as he says", "[R02]") {
    if (is_skipped()) return;
    RedisServer const server;
    auto const broker = cohort::open_broker(server.url());
    auto const info = me();
    cohort::run(broker->enlist(info));
    auto const claim = [&](std::uint64_t number, cohort::Duration wait) {
        return cohort::run(
            broker->claim(cohort::ClaimParams{info.incarnation, {"default"}, 1, number, wait}));
    };
    auto begun = Steady::now();
    CHECK(claim(1, 0s).jobs.empty());
    CHECK(since(begun) < 500ms * support::slowness);
    begun = Steady::now();
    CHECK(claim(2, 1s).jobs.empty());
    CHECK(since(begun) >= 1s);
    CHECK(since(begun) < 2s * support::slowness);
    cohort::BlockingClient client{broker};
    auto const job = client.enqueue_job<add>({.delay = 500ms}, 1, 2);
    begun = Steady::now();
    auto const reply = claim(3, 20s);
    REQUIRE(reply.jobs.size() == 1);
    CHECK(reply.jobs[0].ref == job.ref());
    CHECK(since(begun) < 5s * support::slowness);
}

TEST_CASE("on Redis, ids may be URNs, and a job taken by hand is answered later, from another thread",
          "[R03][R09]") {
    if (is_skipped()) return;
    RedisServer const server;
    auto const broker = cohort::open_broker(server.url());
    cohort::BlockingClient client{broker, {.ids = cohort::urn()}};
    auto const job = client.enqueue_job<add>({.keep_result = 60s}, 1, 2);
    auto const next = client.enqueue_job<add>(1, 2);
    CHECK(std::string{job.id()}.starts_with("urn:uuid:"));
    CHECK(job.id() != next.id());
    auto const info = me();
    cohort::run(broker->enlist(info));
    auto const reply =
        cohort::run(broker->claim(cohort::ClaimParams{info.incarnation, {"default"}, 1, 1, 0s}));
    REQUIRE(reply.jobs.size() == 1);
    CHECK(reply.jobs[0].ref.id == job.id());
    CHECK_FALSE(job.try_result().has_value());
    std::vector<cohort::Verdict> verdicts;
    std::thread other{[&] { verdicts = cohort::run(broker->settle({answer(reply.jobs[0], "3")})); }};
    CHECK(job.result(10s) == 3);
    other.join();
    CHECK(verdicts == std::vector{cohort::Verdict::accepted});
    CHECK(job.status()->policy.keep_result == 60s);
    CHECK(server.ask("HEXISTS 'cohort:{:default}:results' " + std::string{job.id()}) == "1");
}

}  // namespace redis_promises_test
