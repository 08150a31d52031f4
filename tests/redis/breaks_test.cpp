// SPDX-License-Identifier: MIT
// Who is taken for dead after the server stood still. Waits here are real: it is the server's time that
// passes.
#include "redis/server.hpp"

namespace breaks_test {

using namespace redis_test;

namespace {

void pass(std::chrono::milliseconds span) {
    std::this_thread::sleep_for(span);
}

UpkeepReply look(Broker& broker) {
    UpkeepParams params;
    params.queues = {"main"};
    return run(broker.upkeep(params));
}

// A worker that runs one job under this lease.
std::string start(Broker& broker, Duration lease) {
    auto const worker = enlist(broker, lease);
    run(broker.push(one("a")));
    REQUIRE(run(broker.claim(claim_of(worker, 1))).jobs.size() == 1);
    return worker;
}

BeatReply beat(Broker& broker, std::string const& worker) {
    Beat beat;
    beat.incarnation = worker;
    beat.held = {{"main", 1}};
    return run(broker.renew(beat));
}

}  // namespace

TEST_CASE("upkeep that was sent before the server stood still and comes after it takes nobody for dead",
          "[F49]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    auto const worker = start(*broker, 600ms);
    auto const other = open(server.url());
    // It knows the server for longer than a third of the lease, and so may judge.
    for (int i = 0; i < 6; ++i) {
        look(*other);
        pass(std::chrono::milliseconds{50});
        beat(*broker, worker);
    }
    server.freeze();
    auto waiting = std::async(std::launch::async, [&] { return look(*other); });
    pass(std::chrono::milliseconds{1200});
    server.thaw();

    CHECK(waiting.get().recovered == 0);
    CHECK(look(*other).recovered == 0);
    CHECK_FALSE(beat(*broker, worker).retired);
}

TEST_CASE("who comes to a server after a break gives the others time for a beat", "[F49]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    auto const worker = start(*broker, 3s);
    auto const other = open(server.url());
    look(*other);
    pass(std::chrono::milliseconds{1100});  // it may judge now
    // As if the last look had been long ago, and the lease had run out just now.
    server.ask("HSET 'cohort:{:main}:meta' seen 1");
    server.ask("ZADD 'cohort:{:main}:beats' 1 " + worker);

    enlist(*other);

    CHECK(look(*other).recovered == 0);
    CHECK_FALSE(beat(*broker, worker).retired);
}

TEST_CASE("a dead worker is found also where looks come more seldom than its lease ends", "[F01]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    start(*broker, 300ms);
    look(*broker);
    pass(std::chrono::milliseconds{500});
    CHECK(look(*broker).recovered == 0);
    pass(std::chrono::milliseconds{500});
    CHECK(look(*broker).recovered == 1);
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
    CHECK(server.ask("HLEN 'cohort:{:main}:held'") == "0");
}

}  // namespace breaks_test
