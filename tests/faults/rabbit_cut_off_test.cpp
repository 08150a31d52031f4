// SPDX-License-Identifier: MIT
// A bad network between workers, clients and the RabbitMQ server that calls the workers of a store (F66 to
// F69): jobs need no call to be taken, run and end, each once.
#ifdef COHORT_FAULTS_RABBITMQ
#include "faults/network_scene.hpp"
#include "faults/tickets_scene.hpp"
#ifdef COHORT_FAULTS_REDIS
#include "faults/redis_store.hpp"
#endif

namespace rabbit_cut_off_test {

using namespace faults;

namespace {

char const* const both = "rabbitmq+sqlite rabbitmq+redis";
constexpr cohort::Duration heartbeat = std::chrono::seconds{RabbitWay::heartbeat};

// Clients and workers that come from now on go to RabbitMQ through this network, and straight to the store.
void go_through(Stage& stage, Proxy const& network, std::string const& parameters) {
    rabbit_way(stage).set_parameters(parameters);
    rabbit_way(stage).go_by(network.port());
}
void go_directly(Stage& stage) {
    rabbit_way(stage).go_by(0);
}
constexpr char const* polls = "timeout=1s&poll=1s";

// Two heartbeats, what is left of one, and a second.
bool notices(Proxy const& network, std::uint64_t connects_before) {
    return becomes_true([&] { return network.traffic().connects > connects_before; },
                        3 * heartbeat + 1s * slowness);
}

// A job that came at `begun`, just when a worker began to wait, was not only found when it had waited enough.
// With the heartbeats of a slow build that is over by then anyhow.
void check_is_called(cohort::Duration begun) {
    if (slowness == 1) CHECK(ledger_time() - begun < 9s);
}

// Jobs run while `ways` of the network swallow everything for a while, and some come meanwhile.
void lose(Stage& stage, std::initializer_list<Way> ways) {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network, polls);
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 60});
    stage.start();
    stage.until_ended(8 + stage.below(8));
    for (Way const way : ways)
        network.set(way, "blackhole");
    auto const begun = ledger_time();
    for (int i = 0; i < 5; ++i) {
        std::string const id = "meanwhile" + std::to_string(i);
        CHECK(stage.asker().enqueue_as(id, {.job = "ok", .number = 5}) == cohort::errc::ok);
    }
    stage.asker().wait(60s);
    stage.until_ended(65);
    CHECK(ledger_time() - begun < 5 * (1s + 500ms * slowness));  // a push waits a second for its call
    stage.pass(std::max<cohort::Duration>(3 * heartbeat - (ledger_time() - begun), 0s));
    for (Way const way : ways)
        network.set(way, "pass");
    check_works(stage, "w1");
    stage.drain(60s);
    stage.check();
    CHECK(stage.count("start") == 68);
}

}  // namespace

FAULT("F66", both,
      "RabbitMQ is out of reach while jobs run and come: each runs once, and none waits for it") {
    lose(stage, {Way::to_server, Way::to_client});
}
FAULT("F67", both, "what workers and clients say to RabbitMQ is lost for a while: each job runs once") {
    lose(stage, {Way::to_server});
}
FAULT("F67", both, "what RabbitMQ says is lost for a while: each job runs once") {
    lose(stage, {Way::to_client});
}

FAULT("F66", both,
      "a worker that waits notices that RabbitMQ is out of reach, and looks as soon as it is back") {
    stage.asker();
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network, no_polls);
    stage.start(waiting_for_calls());
    REQUIRE(are_waiting(stage, 1));
    CHECK(time_of_one(stage) < called);
    REQUIRE(are_waiting(stage, 1));
    auto const before = network.traffic().connects;
    set_both(network, "blackhole");
    stage.asker().enqueue({.job = "ok"});
    auto const begun = ledger_time();
    CHECK(notices(network, before));
    set_both(network, "pass");
    stage.until_ended(2);
    check_is_called(begun);
    REQUIRE(are_waiting(stage, 1));
    CHECK(time_of_one(stage) < called);
    stage.drain();
    stage.check();
}

FAULT("F66", both,
      "a client cannot reach RabbitMQ: its jobs are stored at once, and called for when it is back") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network, no_polls);
    stage.asker();
    go_directly(stage);
    stage.start(waiting_for_calls());
    REQUIRE(are_waiting(stage, 1));
    CHECK(time_of_one(stage) < called);
    REQUIRE(are_waiting(stage, 1));
    auto const before = network.traffic().connects;
    set_both(network, "blackhole");
    auto const begun = ledger_time();
    stage.asker().enqueue({.job = "ok", .count = 3});
    CHECK(ledger_time() - begun < 1s + 500ms * slowness);
    CHECK(notices(network, before));
    set_both(network, "pass");
    stage.until_ended(4);
    check_is_called(begun);
    REQUIRE(are_waiting(stage, 1));
    CHECK(time_of_one(stage) < called);
    stage.drain();
    stage.check();
}

FAULT("F68", both,
      "one half of a connection to RabbitMQ is closed: it is noticed at once, each job runs once") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network, polls);
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 100});
    stage.asker().wait(60s);
    stage.start();
    stage.until_started(1);
    close_halves(stage, network, 4);
    check_works(stage, "w1");
    stage.drain(60s);
    stage.check();
    CHECK(stage.count("start") == 103);
}

FAULT("F69", both,
      "connections to RabbitMQ end in the middle of a frame: each job is stored, and runs once") {
    Proxy network{rabbit_way(stage).port()};
    go_through(stage, network, polls);
    stage.asker().enqueue({.job = "ok", .number = 10, .count = 40});
    stage.start();
    // The server's greeting has some 500 bytes; behind it are answers and tickets.
    std::vector<std::uint64_t> cuts;
    for (std::uint64_t n = 0; n <= 64; n += 16)
        cuts.push_back(n);
    for (int i = 0; i < 10; ++i)
        cuts.push_back(stage.below(1200));
    int number = 0;
    for (auto const cut : cuts) {
        Way const way = number % 2 == 0 ? Way::to_client : Way::to_server;
        network.set(way, "close_after(" + std::to_string(cut) + ")");
        std::string const id = "cut" + std::to_string(++number);
        // Its own connections: their greeting is cut, or the call for the job.
        Asker asker{stage.store().open(), stage.ledger(), id};
        CHECK(asker.enqueue_as(id, {.job = "ok", .number = 5}) == cohort::errc::ok);
        network.set(way, "pass");
    }
    stage.asker().wait(60s);
    check_works(stage, "w1");
    stage.drain(60s);
    stage.check();
    CHECK(stage.count("start") == 43 + cuts.size());
}

#ifdef COHORT_FAULTS_REDIS
namespace {

// The same, and another network on the way to the store.
struct Networks {
    explicit Networks(Stage& stage) : to_rabbit{rabbit_way(stage).port()}, to_redis{redis(stage).port()} {
        go_through(stage, to_rabbit, polls);
        redis(stage).set_url("redis://127.0.0.1:" + std::to_string(to_redis.port()) + "?timeout=1s&poll=1s");
    }
    static RedisStore& redis(Stage& stage) { return dynamic_cast<RedisStore&>(stage.store()); }

    Proxy to_rabbit;
    Proxy to_redis;
};

// While jobs run, what goes this way to or from the store is lost for two leases, and RabbitMQ is there.
void lose_store(Stage& stage, Way way) {
    Networks networks{stage};
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 60});
    stage.asker().wait(60s);
    WorkerSetup const setup;
    stage.start(setup);
    stage.until_ended(8 + stage.below(8));
    networks.to_redis.set(way, "blackhole");
    stage.pass(2 * setup.lease);
    networks.to_redis.set(way, "pass");
    stage.drain(60s);
    stage.check();
}

}  // namespace

FAULT("F66", "rabbitmq+redis",
      "a worker reaches neither RabbitMQ nor its store: others run its jobs, and it comes back") {
    stage.asker().enqueue({.job = "ok", .number = 100, .count = 60});
    stage.asker().wait(60s);
    Networks networks{stage};
    stage.start();
    stage.until_started(4);
    set_both(networks.to_rabbit, "blackhole");
    set_both(networks.to_redis, "blackhole");
    go_directly(stage);
    Networks::redis(stage).set_url({});
    auto& other = stage.start();
    stage.drain(60s);
    stage.check({.duplicates = 4});

    other.stop();
    CHECK(other.wait(10s) == 0);
    set_both(networks.to_rabbit, "pass");
    set_both(networks.to_redis, "pass");
    check_works(stage, "w1");
    stage.drain();
    stage.check({.duplicates = 4});
}

FAULT("F67", "rabbitmq+redis", "what is said to the store is lost for two leases: each job ends once") {
    lose_store(stage, Way::to_server);
}
FAULT("F67", "rabbitmq+redis",
      "what the store says is lost for two leases: an outcome that it has taken is not taken for refused") {
    lose_store(stage, Way::to_client);
}
#endif

}  // namespace rabbit_cut_off_test
#endif
