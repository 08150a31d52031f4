// SPDX-License-Identifier: MIT
// What users of other libraries on Redis count on: making a client costs nothing, closing leaves nothing, a
// server that stands still holds up nobody, and what the manual says of options, commands and memory.
#include "redis/config.hpp"
#include "redis/own_connection.hpp"
#include "redis/server.hpp"
#include "support/slowness.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <sys/socket.h>

namespace seeds_test {

using namespace redis_test;
namespace asio = boost::asio;

namespace {

std::int64_t stat(RedisServer const& server, std::string const& section, std::string const& name) {
    std::string const info = server.ask("INFO " + section);
    auto const at = info.find(name + ":");
    REQUIRE(at != std::string::npos);
    return std::stoll(info.substr(at + name.size() + 1));
}

std::size_t clients(RedisServer const& server) {
    std::string const list = server.ask("CLIENT LIST");
    return static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) + 1;
}

}  // namespace

TEST_CASE("a broker is made of a URL without any I/O, and an empty URL is refused at once", "[K01]") {
    NEED_REDIS
    RedisServer const server;
    auto const before = stat(server, "stats", "total_connections_received");
    auto const begun = std::chrono::steady_clock::now();
    auto const broker = open(server.url("namespace=answers"));
    auto const nowhere = open("redis://192.0.2.1:6379?namespace=answers");
    CHECK(since(begun) < 200ms);
    CHECK(stat(server, "stats", "total_connections_received") == before + 1);  // of the question itself
    CHECK_THROWS_AS(open(""), Error);
}

TEST_CASE("after close() no socket is left, calls fail with `closed`, and a second close() does nothing",
          "[K03]") {
    NEED_REDIS
    RedisServer const server;
    auto const before = clients(server);
    auto const broker = open(server.url("poll=10s"));
    auto const worker = enlist(*broker);
    asio::io_context loop;
    auto waiting = asio::co_spawn(loop, broker->claim(claim_of(worker, 1, 1h)), asio::use_future);
    WatchParams watch;
    watch.client = "c1";
    watch.wait = 1h;
    auto watching = asio::co_spawn(loop, broker->watch(watch), asio::use_future);
    std::thread runner{[&] { loop.run(); }};
    CHECK(becomes_true([&] { return clients(server) >= before + 3; }));

    broker->close();
    broker->close();

    runner.join();
    CHECK_THROWS_AS(waiting.get(), Error);
    CHECK_THROWS_AS(watching.get(), Error);
    CHECK(code_of(broker->push(one("a"))) == errc::closed);
    CHECK(code_of(broker->status({{"main", "a"}})) == errc::closed);
    CHECK(code_of(broker->claim(claim_of(worker, 2))) == errc::closed);
    CHECK(becomes_true([&] { return clients(server) == before; }));
}

TEST_CASE("with a frozen server each verb fails within its timeout, and holds up nothing else on its loop",
          "[K19][K22][F49]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("timeout=250ms"));
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;
    REQUIRE(claimed.size() == 1);
    server.freeze();
    Beat beat;
    beat.incarnation = worker;
    UpkeepParams upkeep;
    upkeep.queues = {"main"};
    std::vector<JobRef> const refs{{"main", "a"}};
    std::vector<std::function<awaitable<void>()>> const verbs{
        [&]() -> awaitable<void> { co_await broker->push(one("b")); },
        [&]() -> awaitable<void> { co_await broker->claim(claim_of(worker, 2)); },
        [&]() -> awaitable<void> { co_await broker->settle(success(claimed.front())); },
        [&]() -> awaitable<void> { co_await broker->renew(beat); },
        [&]() -> awaitable<void> { co_await broker->status(refs); },
        [&]() -> awaitable<void> { co_await broker->cancel(refs); },
        [&]() -> awaitable<void> { co_await broker->upkeep(upkeep); }};
    Duration longest_gap = 0s;
    for (auto const& verb : verbs) {
        asio::io_context loop;
        bool is_over = false;
        std::exception_ptr fault;
        auto const begun = std::chrono::steady_clock::now();
        asio::co_spawn(loop, verb(), [&](std::exception_ptr error) {
            fault = error;
            is_over = true;
        });
        auto seen = begun;
        while (!is_over) {
            loop.run_one_for(std::chrono::milliseconds{5});
            auto const now = std::chrono::steady_clock::now();
            longest_gap = std::max(longest_gap, std::chrono::duration_cast<Duration>(now - seen));
            seen = now;
        }
        CHECK(fault);
        CHECK(since(begun) < 250ms + 100ms * support::slowness);
    }
    CHECK(longest_gap < 200ms);
    server.thaw();
    CHECK(becomes_true([&] { return code_of(broker->status({{"main", "a"}})) == errc::ok; }));
}

TEST_CASE("times to live and all else work with commands that each supported server has", "[K23]") {
    NEED_REDIS
    RedisServer const server;
    server.ask("CONFIG RESETSTAT");
    {
        auto const broker = open(server.url());
        auto const worker = enlist(*broker);
        NewJob job = make_job("a");
        job.policy.keep_result = 1ms;
        run(broker->push({job}));
        auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;
        REQUIRE(claimed.size() == 1);
        run(broker->settle(success(claimed.front())));
        UpkeepParams upkeep;
        upkeep.queues = {"main"};
        CHECK(becomes_true([&] {
            run(broker->upkeep(upkeep));
            return server.ask("HLEN 'cohort:{:main}:jobs'") == "0";
        }));
        run(broker->inspector()->audit());
    }
    std::set<std::string> const everywhere{"hget",          "hset",
                                           "hdel",          "hmget",
                                           "hgetall",       "hlen",
                                           "hexists",       "hincrby",
                                           "hkeys",         "hvals",
                                           "zadd",          "zrem",
                                           "zscore",        "zcard",
                                           "zrange",        "llen",
                                           "lpop",          "rpush",
                                           "lpush",         "lrange",
                                           "sadd",          "exists",
                                           "time",          "eval",
                                           "evalsha",       "info",
                                           "client",        "blpop",
                                           "publish",       "config",
                                           "hsetnx",        "smembers",
                                           "zrangebyscore", "zremrangebyrank",
                                           "command",       "subscribe",
                                           "scard",         "hscan",
                                           "hstrlen"};
    std::istringstream lines{server.ask("INFO commandstats")};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("cmdstat_")) continue;
        auto const name = line.substr(8, line.find_first_of("|:") - 8);
        INFO(line);
        CHECK(everywhere.contains(name));
    }
}

TEST_CASE("timeouts, polling and the name of connections are options with the documented defaults", "[K24]") {
    NEED_REDIS
    auto const plain = redis::read_config(parse_url("redis://h"), system_clock());
    CHECK(plain.timeout == 5s);
    CHECK(plain.poll == 5s);
    CHECK(plain.name.starts_with("cohort-"));
    CHECK(plain.replicas == 0);
    CHECK(plain.ping == 15s);
    CHECK(plain.keepalive == 60s);
    auto const other = redis::read_config(
        parse_url("redis://h?timeout=1s&poll=2s&ping=3s&keepalive=4s&name=shop"), system_clock());
    CHECK(other.timeout == 1s);
    CHECK(other.poll == 2s);
    CHECK(other.ping == 3s);
    CHECK(other.keepalive == 4s);
    for (char const* wrong : {"ping=0s", "ping=x", "keepalive=0s", "keepalive=500ms", "keepalive=1d"}) {
        INFO(wrong);
        CHECK_THROWS_AS(redis::read_config(parse_url(std::string{"redis://h?"} + wrong), system_clock()),
                        Error);
    }
    RedisServer const server;
    auto const broker = open(server.url("name=shop"));
    run(broker->push(one("a")));
    CHECK(server.ask("CLIENT LIST").find("name=shop:commands") != std::string::npos);
}

namespace {

// Of this program's connections to a port: after how many seconds of silence the system asks for the other
// side.
std::set<int> keepalives_to(int port) {
    std::set<int> found;
    for (int fd = 0; fd < 1024; ++fd) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        bool const is_there = ::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        if (!is_there || address.sin_family != AF_INET || ntohs(address.sin_port) != port) continue;
        int on = 0;
        int seconds = 0;
        size = sizeof on;
        ::getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size);
        ::getsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, &size);
        found.insert(on == 1 ? seconds : 0);
    }
    return found;
}

}  // namespace

TEST_CASE("a silent connection is asked whether it is there, by us and by the system, as often as was said",
          "[K24]") {
    NEED_REDIS
    int const port = support::free_port();
    RedisServer server{{"--port", std::to_string(port)}};
    auto const broker = open("redis://127.0.0.1:" + std::to_string(port) + "?keepalive=7s&ping=50ms");
    run(broker->push(one("a")));
    CHECK(keepalives_to(port) == std::set<int>{7});
    server.ask("CONFIG RESETSTAT");
    auto const has_asked = [&] {
        return server.ask("INFO commandstats").find("cmdstat_ping:") != std::string::npos;
    };
    CHECK(becomes_true(has_asked));

    // What has no answer to that is left, though nobody wants anything of it.
    redis_test::OwnConnection connection{server.url("ping=100ms&timeout=200ms")};
    REQUIRE(has_ended(*ping(*connection)));
    REQUIRE(connection->client_id() != 0);
    server.freeze();
    CHECK(becomes_true([&] { return connection->client_id() == 0; }));
    server.thaw();
}

TEST_CASE("queues are listed by their names, without prefixes of the store", "[R01]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url("namespace=space"));
    for (std::string const queue : {"mails", "images"}) {
        NewJob job = make_job("a");
        job.ref.queue = queue;
        run(broker->push({job}));
    }
    std::set<std::string> names;
    for (auto const& queue : run(broker->inspector()->queues()))
        names.insert(queue.name);
    CHECK(names == std::set<std::string>{"images", "mails"});
}

namespace {

void check_memory(int count) {
    std::string const arguments = "[\"" + std::string(96, 'x') + "\"]";  // 100 bytes
    for (int const priority : {0, 5}) {
        RedisServer const server;
        auto const broker = open(server.url());
        run(broker->push(one("first")));  // what a queue and the scripts take once
        auto const before = stat(server, "memory", "used_memory");
        for (int at = 0; at < count; at += 2000) {
            std::vector<NewJob> jobs;
            for (int i = at; i < std::min(at + 2000, count); ++i) {
                std::string id = std::to_string(i);
                id.resize(26, 'j');  // as long as those that clients make
                jobs.push_back(make_job(id, arguments));
                jobs.back().client = std::string(26, 'c');
                jobs.back().priority = priority;
            }
            run(broker->push(std::move(jobs)));
        }
        double const each = static_cast<double>(stat(server, "memory", "used_memory") - before) / count;
        auto const id = server.ask("--raw HRANDFIELD 'cohort:{:main}:jobs'");
        auto const record = std::stod(server.ask("--raw HSTRLEN 'cohort:{:main}:jobs' " + id));
        INFO("priority " << priority << ": a record of " << record << " bytes, " << each << " in all");
        CHECK(record <= 100 + 90);
        CHECK(each <= record + (priority == 0 ? 150 : 250));
    }
}

}  // namespace

TEST_CASE("a waiting job takes no more memory than the manual says") {
    NEED_REDIS
    check_memory(25'000);  // the tables of the server are as full as with 100,000
}

TEST_CASE("a waiting job takes no more memory than the manual says, where there are 100,000",
          "[.nightly][timeout:120]") {
    NEED_REDIS
    check_memory(100'000);
}

}  // namespace seeds_test
