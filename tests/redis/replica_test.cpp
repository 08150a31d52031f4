// SPDX-License-Identifier: MIT
// A primary and its replicas without sentinels: who is asked, who has what was stored, and what it costs when
// a primary becomes a replica. Waits are real: it is the servers' time that passes.
#include "redis/server.hpp"
#include "support/slowness.hpp"

namespace replica_test {

using namespace redis_test;

namespace {

Error fault_of(awaitable<std::vector<PushResult>> verb) {
    try {
        run(std::move(verb));
    } catch (Error const& error) {
        return error;
    }
    return Error{errc::ok, "it was taken"};
}

bool has(std::string const& text, std::string const& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a URL that names a replica is refused, with the address of its primary", "[B40]") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    RedisServer const primary{{"--port", port, "--repl-diskless-sync-delay", "0"}};
    RedisServer const replica{{"--replicaof", "127.0.0.1", port}};

    Error const fault = fault_of(open(replica.url())->push(one("a")));

    CHECK(fault.which() == errc::broker_unsupported);
    CHECK(has(fault.detail(), "is a replica of 127.0.0.1:" + port));
    CHECK(has(fault.detail(), "redis+sentinel:"));
    CHECK(code_of(open(primary.url())->push(one("a"))) == errc::ok);
}

TEST_CASE("a primary that becomes a replica under living connections is left, and taken again afterwards",
          "[F43]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url("timeout=1s&poll=10s"));
    auto const worker = enlist(*broker, 60s);
    run(broker->push(one("a")));
    auto const first = run(broker->claim(claim_of(worker, 1))).jobs;
    REQUIRE(first.size() == 1);
    boost::asio::io_context loop;
    auto waiting =
        boost::asio::co_spawn(loop, broker->claim(claim_of(worker, 2, 1h)), boost::asio::use_future);
    std::thread runner{[&] { loop.run(); }};
    CHECK(becomes_true([&] { return has(server.ask("CLIENT LIST"), "cmd=blpop"); }));

    server.ask("REPLICAOF 127.0.0.1 1");
    auto begun = std::chrono::steady_clock::now();
    runner.join();
    CHECK(since(begun) < 3s * support::slowness);
    CHECK_THROWS_AS(waiting.get(), Error);
    // Not as if the URL were wrong: this passes.
    CHECK(fault_of(broker->push(one("b"))).which() == errc::unavailable);
    CHECK(fault_of(broker->push(one("b"))).which() == errc::unavailable);

    server.ask("REPLICAOF NO ONE");
    begun = std::chrono::steady_clock::now();
    CHECK(becomes_true([&] { return code_of(broker->push(one("b"))) == errc::ok; }));
    CHECK(since(begun) < 3s * support::slowness);
    CHECK(run(broker->settle(success(first.front()))) == std::vector{Verdict::accepted});
    auto const next = run(broker->claim(claim_of(worker, 2, 5s))).jobs;
    REQUIRE(next.size() == 1);
    CHECK(run(broker->settle(success(next.front()))) == std::vector{Verdict::accepted});
    for (auto const& record : run(broker->status({{"main", "a"}, {"main", "b"}}))) {
        REQUIRE(record.has_value());
        CHECK(record->state == JobState::succeeded);
        CHECK(record->counters.lost == 0);
    }
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("a job that wants two replicas says how many have it when one of them stands still, and is there",
          "[A21]") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    RedisServer const primary{{"--port", port, "--repl-diskless-sync-delay", "0"}};
    RedisServer first{{"--replicaof", "127.0.0.1", port}};
    RedisServer second{{"--replicaof", "127.0.0.1", port}};
    auto const broker = open(primary.url("timeout=5s"));
    Duration const patience = 1s * support::slowness;
    auto const push = [&](std::string const& id) {
        auto jobs = one(id);
        jobs.front().replicas = Replicas{2, patience};
        return run(broker->push(std::move(jobs))).at(0);
    };
    run(broker->push(one("plain")));
    CHECK_FALSE(has(primary.ask("INFO commandstats"), "cmdstat_wait:"));
    REQUIRE(becomes_true([&] { return push("both").verdict == PushVerdict::stored; }));
    CHECK(first.ask("HEXISTS 'cohort:{:main}:jobs' both") == "1");
    CHECK(second.ask("HEXISTS 'cohort:{:main}:jobs' both") == "1");

    second.freeze();
    auto const begun = std::chrono::steady_clock::now();
    PushResult const result = push("late");

    CHECK(since(begun) >= patience * 8 / 10);
    CHECK(since(begun) < patience * 12 / 10);
    CHECK(result.verdict == PushVerdict::uncertain);
    CHECK(has(std::string{result.detail}, "on 1 of the 2 replicas"));
    CHECK(primary.ask("HEXISTS 'cohort:{:main}:jobs' late") == "1");
    second.thaw();
    CHECK(becomes_true([&] { return push("late").verdict == PushVerdict::stored; }));
}

}  // namespace replica_test
