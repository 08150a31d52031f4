// SPDX-License-Identifier: MIT
// A user's own commands, over the connection of a broker.
#include "redis/server.hpp"
#include "support/redis_cluster.hpp"

#include <cohort/redis.hpp>

namespace command_test {

using namespace redis_test;
using redis::command;

namespace {

template<class... Words>
Error fault_of(Broker& broker, Words const&... words) {
    try {
        run(command(broker, words...));
    } catch (Error const& error) {
        return error;
    }
    return Error{errc::ok, "it was taken"};
}

}  // namespace

TEST_CASE("a command of the user's own goes over the broker's connection and brings the server's answer",
          "[K20]") {
    NEED_REDIS
    RedisServer const server;
    auto const own = open(server.url("name=site"));
    Broker& broker = *own;
    run(broker.push(one("a")));
    auto const before = server.ask("CLIENT LIST");

    CHECK(run(command(broker, "HSET", "prices", "tea", "2", "milk", "1")).number() == 2);
    CHECK(run(command(broker, "HGET", "prices", std::string{"tea"})).text() == "2");
    CHECK(run(command(broker, "HGET", "prices", "salt")).is_nil());
    CHECK(run(command(broker, "RPUSH", "line", "a", std::string("\0\xff", 2))).number() == 2);
    auto const line = run(command(broker, "LRANGE", "line", "0", "-1"));
    REQUIRE(line.list().size() == 2);
    CHECK(line.list()[1].text() == std::string("\0\xff", 2));
    CHECK(run(command(broker, "LPOP", "line")).text() == "a");
    CHECK(run(command(broker, "PING")).text() == "PONG");
    CHECK(run(command(broker, std::vector<std::string>{"DEL", "line"})).number() == 1);

    auto const count = [](std::string const& list) { return std::count(list.begin(), list.end(), '\n'); };
    CHECK(count(server.ask("CLIENT LIST")) == count(before));
    CHECK(server.ask("HGET prices tea") == "2");
}

TEST_CASE("a command that the server refuses, or that goes unanswered, fails as all verbs do", "[K19][K20]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("timeout=250ms"));
    run(command(*broker, "SET", "text", "x"));
    Error const refused = fault_of(*broker, "LPUSH", "text", "y");
    CHECK(refused.detail().find("WRONGTYPE") != std::string::npos);
    CHECK(fault_of(*broker, "LPUSH", "text").which() == errc::protocol_error);
    CHECK_THROWS_AS(run(command(*broker, "GET", "text")).number(), Error);
    CHECK_THROWS_AS(run(command(*broker, "GET", "text")).list(), Error);
    CHECK_THROWS_AS(run(command(*broker, "STRLEN", "text")).text(), Error);

    server.freeze();
    CHECK(fault_of(*broker, "INCR", "number").which() == errc::uncertain);
    server.thaw();
    CHECK(becomes_true([&] { return fault_of(*broker, "GET", "text").which() == errc::ok; }));
    server.kill();
    CHECK(becomes_true([&] { return fault_of(*broker, "GET", "text").which() == errc::unavailable; }));
    broker->close();
    CHECK(fault_of(*broker, "GET", "text").which() == errc::closed);
}

TEST_CASE("commands that would block or change the connection of all others are refused, with the way out",
          "[K20]") {
    auto const broker = open("redis://localhost");
    for (std::string const name : {"BLPOP", "blpop", "SUBSCRIBE", "MULTI", "SELECT", "WAIT"}) {
        Error const refused = fault_of(*broker, name, "1");
        INFO(refused.what());
        CHECK(refused.which() == errc::not_supported);
        CHECK(refused.detail().find("over one of your own") != std::string::npos);
    }
    CHECK(fault_of(*broker, "").which() == errc::invalid_config);
    CHECK(fault_of(*broker, std::vector<std::string>{}).which() == errc::invalid_config);
}

TEST_CASE("in a cluster a command goes where its key is", "[K20][cluster]") {
    NEED_REDIS
    support::RedisCluster const cluster;
    auto const broker = open(cluster.url());
    for (int i = 0; i < 20; ++i)
        CHECK(run(command(*broker, "SET", "key" + std::to_string(i), std::to_string(i))).text() == "OK");
    for (int i = 0; i < 20; ++i)
        CHECK(run(command(*broker, "GET", "key" + std::to_string(i))).text() == std::to_string(i));
}

}  // namespace command_test
