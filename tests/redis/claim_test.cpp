// SPDX-License-Identifier: MIT
// What a claim asks the server for, and what it need not ask.
#include "base/failpoint.hpp"
#include "redis/server.hpp"
#include "support/slowness.hpp"

namespace claim_test {

using namespace redis_test;

namespace {

// How many scripts have run since RESETSTAT.
int scripts(RedisServer const& server) {
    std::string const stats = server.ask("INFO commandstats");
    std::string const name = "cmdstat_evalsha:calls=";
    auto const at = stats.find(name);
    return at == std::string::npos ? 0 : std::stoi(stats.substr(at + name.size()));
}

}  // namespace

TEST_CASE("a claim that has left nothing behind is followed by a wait, and that by one look") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    REQUIRE(run(broker->claim(claim_of(worker, 1))).jobs.size() == 1);

    run(broker->claim(claim_of(worker, 2, 200ms)));  // finds the marker of that push

    server.ask("CONFIG RESETSTAT");
    CHECK(run(broker->claim(claim_of(worker, 3, 200ms))).jobs.empty());
    CHECK(scripts(server) == 1);
    CHECK(run(broker->claim(claim_of(worker, 4, 200ms))).jobs.empty());
    CHECK(scripts(server) == 2);
}

TEST_CASE("what comes or falls due between two claims is found by the second at once") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    bool const is_delayed = GENERATE(false, true);
    auto jobs = one("b");
    if (is_delayed) {
        jobs.front().delay = 300ms;
        run(broker->push(std::move(jobs)));
    }
    run(broker->push(one("a")));
    REQUIRE(run(broker->claim(claim_of(worker, 1))).jobs.size() == 1);
    if (!is_delayed) run(broker->push(std::move(jobs)));

    auto const begun = std::chrono::steady_clock::now();
    auto const reply = run(broker->claim(claim_of(worker, 2, 20s)));
    REQUIRE(reply.jobs.size() == 1);
    CHECK(reply.jobs.front().ref.id == "b");
    CHECK(since(begun) < 4s);  // by a marker or its time, and not by the next poll
}

TEST_CASE("a claim of fewer jobs than there are is followed by a look") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    auto jobs = one("a");
    jobs.push_back(make_job("b"));
    jobs.push_back(make_job("c"));
    run(broker->push(std::move(jobs)));
    auto params = claim_of(worker, 1);
    params.limit = 1;
    REQUIRE(run(broker->claim(std::move(params))).jobs.size() == 1);
    server.ask("CONFIG RESETSTAT");
    CHECK(run(broker->claim(claim_of(worker, 2, 20s))).jobs.size() == 2);
    CHECK(server.ask("INFO commandstats").find("cmdstat_blpop") == std::string::npos);
}

#ifndef NDEBUG
TEST_CASE("a job whose marker was lost is found a poll later", "[F30]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url("poll=500ms"));
    auto const other = open(server.url());
    auto const worker = enlist(*broker);
    arm_failpoints("marker.drop=drop*0");
    for (std::uint64_t number = 1; number <= 3; ++number) {
        auto claiming =
            std::async(std::launch::async, [&] { return run(broker->claim(claim_of(worker, number, 30s))); });
        std::string const waiting = "CLIENT LIST";
        CHECK(becomes_true([&] { return server.ask(waiting).find("cmd=blpop") != std::string::npos; }));
        auto const begun = std::chrono::steady_clock::now();
        run(other->push(one("j" + std::to_string(number))));
        CHECK(claiming.get().jobs.size() == 1);
        CHECK(since(begun) < 500ms + 1s * support::slowness);
    }
    auto const hit = failpoints_hit("marker.drop");
    arm_failpoints("");
    CHECK(hit > 0);
}
#endif

}  // namespace claim_test
