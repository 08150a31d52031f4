// SPDX-License-Identifier: MIT
// What a claim asks the server for, and what it need not ask.
#include "base/failpoint.hpp"
#include "redis/own_connection.hpp"
#include "redis/server.hpp"
#include "support/slowness.hpp"

#include <cohort/redis.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

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

// What a connection has asked last; "" = there is none of this name.
std::string last_word(RedisServer const& server, std::string const& name) {
    std::string const list = server.ask("CLIENT LIST");
    auto const line = list.find(" name=" + name + " ");
    if (line == std::string::npos) return {};
    auto const begin = list.find(" cmd=", line) + 5;
    return list.substr(begin, list.find(' ', begin) - begin);
}

bool is_waiting(RedisServer const& server) {
    return server.ask("CLIENT LIST").find(" cmd=blpop ") != std::string::npos;
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

TEST_CASE("a worker that waits is given a job with its wake-up: it asks for nothing more") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url("name=here"));
    auto const other = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->claim(claim_of(worker, 1)));
    auto claiming =
        std::async(std::launch::async, [&] { return run(broker->claim(claim_of(worker, 2, 30s))); });
    CHECK(becomes_true([&] { return is_waiting(server); }));
    auto pinging = redis::command(*broker, {"PING"});
    run(std::move(pinging));
    run(other->push(one("a")));
    CHECK(claiming.get().jobs.size() == 1);
    CHECK(last_word(server, "here:wait") == "evalsha");
    CHECK(last_word(server, "here:commands") == "ping");
}

TEST_CASE("a server that has forgotten the scripts while a worker waits") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const other = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->claim(claim_of(worker, 1)));
    auto claiming =
        std::async(std::launch::async, [&] { return run(broker->claim(claim_of(worker, 2, 30s))); });
    CHECK(becomes_true([&] { return is_waiting(server); }));
    server.ask("SCRIPT FLUSH");
    auto const begun = std::chrono::steady_clock::now();
    run(other->push(one("a")));
    auto const jobs = claiming.get().jobs;
    REQUIRE(jobs.size() == 1);
    CHECK(jobs.front().counters.attempt == 1);
    CHECK(since(begun) < 4s);  // not by the next poll
}

TEST_CASE("a claim that is cancelled while it waits keeps the job that the server then gives it") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const other = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->claim(claim_of(worker, 1)));
    // A paused queue takes jobs and gives none: so there is one, and no marker, when the pause ends like
    // this.
    server.ask("HSET 'cohort:{:main}:meta' paused 1");
    run(other->push(one("a")));
    run(broker->claim(claim_of(worker, 2, 100ms)));
    boost::asio::io_context loop;
    boost::asio::cancellation_signal signal;
    std::size_t given = 0;
    boost::asio::co_spawn(
        loop, broker->claim(claim_of(worker, 3, 30s)),
        boost::asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr error, ClaimReply reply) {
            CHECK_FALSE(error);
            given = reply.jobs.size();
        }));
    CHECK(becomes_true([&] {
        loop.poll();
        return is_waiting(server);
    }));
    server.ask("HDEL 'cohort:{:main}:meta' paused");
    boost::asio::post(loop, [&] { signal.emit(boost::asio::cancellation_type::terminal); });
    loop.restart();
    loop.run_for(20s);
    CHECK(given == 1);
}

// What a claim that is sent behind a wait relies on.
TEST_CASE("a server carries out what is behind a wait when the wait ends, and not for one who has gone") {
    NEED_REDIS
    RedisServer const server;
    bool const is_gone = GENERATE(false, true);
    auto leaving = std::make_unique<OwnConnection>(server.url());
    auto const request = std::make_shared<redis::Request>(redis::Effect::none, patience);
    request->add({"BLPOP", "marker", "0"});
    request->add({"INCR", "looks"});
    (*leaving)->submit(request);
    CHECK(becomes_true([&] { return is_waiting(server); }));
    CHECK(server.ask("GET looks").find('1') == std::string::npos);
    if (is_gone) {
        leaving.reset();
        CHECK(becomes_true([&] { return !is_waiting(server); }));
    }
    server.ask("RPUSH marker 1");
    CHECK((server.ask("GET looks").find('1') != std::string::npos) == !is_gone);
    CHECK((server.ask("LLEN marker").find('1') != std::string::npos) == is_gone);
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
        CHECK(becomes_true([&] { return is_waiting(server); }));
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
