// SPDX-License-Identifier: MIT
// The whole way of a job through the file. The promises of each verb are in tests/brokers.
#include "base/failpoint.hpp"
#include "support.hpp"

#include <cohort/log.hpp>

#include <catch2/catch.hpp>

#include <mutex>
#include <sys/stat.h>

namespace broker_test {

using namespace cohort;
using namespace test;

TEST_CASE("a job goes from push to its result, and survives reopening") {
    TempDirectory directory;
    auto const url = "sqlite:" + directory.file("q.db");
    {
        auto broker = open(url);
        std::vector<NewJob> jobs{make_job("a"), make_job("b")};
        auto pushed = run(broker->push(jobs));
        REQUIRE(pushed.size() == 2);
        CHECK(pushed[0].verdict == PushVerdict::stored);
        run(broker->enlist(make_worker("w1")));
        auto claimed = run(broker->claim(make_claim("w1", 1)));
        REQUIRE(claimed.jobs.size() == 2);
        CHECK(claimed.jobs[0].ref == JobRef{"default", "a"});
        auto verdicts = run(broker->settle({succeed(claimed.jobs[0]), succeed(claimed.jobs[1])}));
        CHECK(verdicts == std::vector{Verdict::accepted, Verdict::accepted});
    }
    auto broker = open(url);
    auto outcomes = run(broker->results({{"default", "a"}, {"default", "c"}}));
    CHECK(outcomes[0].state == JobState::succeeded);
    CHECK(outcomes[0].result == "42");
    CHECK_FALSE(outcomes[1].known);
}

TEST_CASE("a claim that waits gets the job that is pushed meanwhile, from another broker object") {
    TempDirectory directory;
    auto const url = "sqlite:" + directory.file("q.db");
    auto worker = open(url);
    auto client = open(url);
    run(worker->enlist(make_worker("w1")));

    asio::io_context context;
    std::optional<ClaimReply> reply;
    auto params = make_claim("w1", 1);
    params.wait = 20s;
    auto begin = std::chrono::steady_clock::now();
    asio::co_spawn(context, worker->claim(params),
                   [&](std::exception_ptr, ClaimReply value) { reply = std::move(value); });
    asio::co_spawn(context, client->push({make_job("a")}),
                   [](std::exception_ptr, std::vector<PushResult>) {});
    context.run();

    REQUIRE(reply);
    REQUIRE(reply->jobs.size() == 1);
    CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

#ifndef NDEBUG
TEST_CASE("a machine that gives no more wake-ups is told of once, and costs a second") {
    TempDirectory directory;
    auto const url = "sqlite:" + directory.file("q.db");
    std::vector<std::string> warnings;
    std::mutex mutex;
    set_log_sink([&](LogLevel level, std::string_view line) {
        std::lock_guard const lock{mutex};
        if (level >= LogLevel::warn) warnings.emplace_back(line);
    });
    arm_failpoints("inotify.none=drop*0");
    {
        auto worker = open(url);
        auto client = open(url);
        run(worker->enlist(make_worker("w1")));
        asio::io_context context;
        std::optional<ClaimReply> reply;
        auto params = make_claim("w1", 1);
        params.wait = 20s;
        auto const begin = std::chrono::steady_clock::now();
        asio::co_spawn(context, worker->claim(params),
                       [&](std::exception_ptr, ClaimReply value) { reply = std::move(value); });
        asio::co_spawn(context, client->push({make_job("a")}),
                       [](std::exception_ptr, std::vector<PushResult>) {});
        context.run();
        REQUIRE(reply);
        CHECK(reply->jobs.size() == 1);
        CHECK(std::chrono::steady_clock::now() - begin < 10s);
    }
    arm_failpoints("");
    set_log_sink({});
    REQUIRE(warnings.size() == 1);
    CHECK(warnings.front().find("fs.inotify.max_user_instances") != std::string::npos);
}
#endif

TEST_CASE("a watch names the jobs of its client that have ended") {
    TempDirectory directory;
    auto const url = "sqlite:" + directory.file("q.db");
    auto worker = open(url);
    auto client = open(url);
    run(worker->enlist(make_worker("w1")));
    run(client->push({make_job("a")}));
    WatchParams nothing{"tester", 0s};
    CHECK(run(client->watch(nothing)).empty());

    auto claimed = run(worker->claim(make_claim("w1", 1)));
    run(worker->settle({succeed(claimed.jobs.at(0))}));
    WatchParams params{"tester", 20s};
    auto const ended = run(client->watch(params));
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].ref == JobRef{"default", "a"});
    REQUIRE(ended[0].ending);
    CHECK(ended[0].ending->result == "42");
}

}  // namespace broker_test
