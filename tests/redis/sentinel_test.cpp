// SPDX-License-Identifier: MIT
// A primary, its replicas and the sentinels that watch them: who is asked, and what a fail-over costs. Waits
// are real: it is the sentinels' time that passes.
#include "redis/server.hpp"
#include "support/redis_sentinels.hpp"

namespace sentinel_test {

using namespace redis_test;
using support::RedisSentinels;

namespace {

std::string fault_of(std::string const& url) {
    try {
        auto const broker = open(url);
        run(broker->push(one("a")));
    } catch (Error const& error) {
        return error.what();
    }
    return "it was taken";
}

bool has(std::string const& text, std::string const& part) {
    INFO(text);
    return text.find(part) != std::string::npos;
}

// Until it is answered, as clients and workers do.
template<class Verb>
auto persist(Verb verb) {
    using Result = decltype(run(verb()));
    Result result;
    CHECK(becomes_true(
        [&] {
            try {
                result = run(verb());
                return true;
            } catch (Error const&) {
                return false;
            }
        },
        std::chrono::seconds{30}));
    return result;
}

}  // namespace

TEST_CASE("the wrong master, sentinels that are none, and none at all are told apart", "[sentinel]") {
    NEED_REDIS
    CHECK(has(fault_of("redis+sentinel://127.0.0.1:1"), "no master is named"));
    std::string const port = std::to_string(support::free_port());
    RedisServer const server{{"--port", port}};
    CHECK(has(fault_of("redis+sentinel://127.0.0.1:" + port + "?master=main"), "write redis: for a server"));
    std::string const none = std::to_string(support::free_port());
    CHECK(has(fault_of("redis+sentinel://127.0.0.1:" + none + "?master=main"), "Connection refused"));
    std::string const own = std::to_string(support::free_port());
    auto const sentinel =
        RedisServer::sentinel("port " + own + "\nsentinel monitor main 127.0.0.1 " + port + " 1\n");
    CHECK(has(fault_of("redis+sentinel://127.0.0.1:" + own + "?master=mian"), "know no master \"mian\""));
    CHECK(has(fault_of("redis://127.0.0.1:" + own), "write redis+sentinel:"));
    // Sentinels that are away are passed over.
    CHECK(fault_of("redis+sentinel://127.0.0.1:" + none + ",127.0.0.1:" + own + "?master=main") ==
          "it was taken");
}

TEST_CASE("a server that a sentinel names and that is a replica is not asked for anything", "[sentinel]") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    RedisServer const server{{"--port", port, "--replicaof", "127.0.0.1 1"}};
    std::string const own = std::to_string(support::free_port());
    auto const sentinel =
        RedisServer::sentinel("port " + own + "\nsentinel monitor main 127.0.0.1 " + port + " 1\n");
    CHECK(has(fault_of("redis+sentinel://127.0.0.1:" + own + "?master=main&timeout=1s"), "no master now"));
}

TEST_CASE("a fail-over in the middle of jobs loses nothing that was replicated, and gives nothing twice",
          "[sentinel][F43][timeout:120]") {
    NEED_REDIS
    RedisSentinels sentinels;
    auto const broker = open(sentinels.url("poll=200ms&timeout=2s&replicas=1&replication_timeout=100ms"));
    auto const worker = enlist(*broker, 60s);
    std::set<std::string> stored;
    std::map<std::string, int> ended;
    std::uint64_t number = 1;
    auto const old = sentinels.master();
    for (int i = 0; i < 120; ++i) {
        if (i == 40) sentinels.server(old).kill();
        std::string const id = "j" + std::to_string(i);
        auto const results = persist([&] { return broker->push(one(id)); });
        if (results.at(0).verdict != PushVerdict::uncertain) stored.insert(id);
        auto const reply = persist([&] { return broker->claim(claim_of(worker, number)); });
        REQUIRE_FALSE(reply.retired);
        ++number;
        for (auto const& job : reply.jobs) {
            auto const verdicts = persist([&] { return broker->settle(success(job)); });
            if (verdicts.at(0) == Verdict::accepted) ++ended[job.ref.id];
        }
    }
    CHECK(sentinels.master() != old);
    CHECK(stored.size() >= 50);
    for (auto const& id : stored) {
        INFO(id);
        auto const record = run(broker->status({{"main", id}})).at(0);
        REQUIRE(record.has_value());
        CHECK(record->state == JobState::succeeded);
        CHECK(ended[id] == 1);
    }
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});

    // The old one comes back as a replica, and is not taken for the master.
    sentinels.server(old).start();
    CHECK(code_of(broker->push(one("last"))) == errc::ok);
    CHECK(becomes_true([&] { return has(sentinels.server(old).ask("ROLE"), "slave"); },
                       std::chrono::seconds{20}));
}

TEST_CASE("a claim that waits, and a client that watches, follow the master to another server",
          "[sentinel][F43][timeout:120]") {
    NEED_REDIS
    RedisSentinels sentinels;
    auto const broker = open(sentinels.url("poll=1s&timeout=1s"));
    auto const worker = enlist(*broker, 60s);
    auto const old = sentinels.master();
    WatchParams watch;
    watch.client = "c1";
    watch.wait = 1ms;
    run(broker->watch(watch));
    CHECK(run(broker->claim(claim_of(worker, 1, 10ms))).jobs.empty());
    sentinels.server(old).freeze();
    sentinels.await_master_other_than(old);

    auto const other = open(sentinels.url());
    persist([&] { return other->push(one("a")); });
    auto const claimed = persist([&] { return broker->claim(claim_of(worker, 2, 20s)); });
    REQUIRE(claimed.jobs.size() == 1);
    watch.wait = 5s;
    persist([&] { return broker->watch(watch); });
    persist([&] { return broker->settle(success(claimed.jobs.front())); });
    CHECK(becomes_true(
        [&] { return run(broker->results({{"main", "a"}})).at(0).state == JobState::succeeded; }));
    sentinels.server(old).thaw();
    CHECK(becomes_true([&] { return has(sentinels.server(old).ask("ROLE"), "slave"); },
                       std::chrono::seconds{20}));
    CHECK(code_of(broker->push(one("b"))) == errc::ok);
}

}  // namespace sentinel_test
