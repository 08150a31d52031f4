// SPDX-License-Identifier: MIT
// Watches whose connection was lost: what was said meanwhile nobody says again.
#include "redis/own_connection.hpp"
#include "support/slowness.hpp"

namespace watch_test {

using namespace redis_test;

namespace {

void say(redis::Connection& connection, std::vector<std::string_view> const& words) {
    auto request = std::make_shared<redis::Request>(redis::Effect::none, patience);
    request->add(words);
    connection.submit(request);
    REQUIRE(has_ended(*request));
    REQUIRE_FALSE(request->replies.front().view().is_error());
}

}  // namespace

TEST_CASE("a watch that was cut off while its job ended is over as soon as it is connected again",
          "[F30][F47]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    auto const claimed = run(broker->claim(claim_of(worker, 1))).jobs;
    REQUIRE(claimed.size() == 1);
    OwnConnection operators{server.url()};
    REQUIRE(has_ended(*ping(*operators)));
    auto watching = std::async(std::launch::async, [&] {
        WatchParams watch;
        watch.client = "c1";
        watch.wait = 30s;
        return run(broker->watch(watch));
    });
    REQUIRE(becomes_true([&] { return !server.ask("PUBSUB CHANNELS").empty(); }));

    // Nobody new is let in until the job has ended.
    say(*operators, {"CONFIG", "SET", "maxclients", "1"});
    say(*operators, {"CLIENT", "KILL", "TYPE", "pubsub"});
    CHECK(run(broker->settle(success(claimed.front()))) == std::vector{Verdict::accepted});
    say(*operators, {"CONFIG", "SET", "maxclients", "1000"});
    auto const begun = std::chrono::steady_clock::now();

    CHECK(watching.get().empty());
    CHECK(since(begun) < 3s * support::slowness);
    CHECK(run(broker->results({{"main", "a"}})).at(0).result == "3");
}

}  // namespace watch_test
