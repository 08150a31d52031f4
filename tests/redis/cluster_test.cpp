// SPDX-License-Identifier: MIT
// A cluster of real servers: whose slots move, whose nodes die.
#include "redis/server.hpp"
#include "redis/slots.hpp"
#include "support/redis_cluster.hpp"

namespace cluster_test {

using namespace redis_test;
using support::RedisCluster;

namespace {

NewJob job_in(std::string const& queue, std::string id) {
    NewJob job = make_job(std::move(id));
    job.ref.queue = queue;
    return job;
}

// Queues that live on all three nodes.
std::vector<std::string> const some_queues{"a", "b", "c", "d", "e", "f", "g", "h"};

std::string enlist_on(Broker& broker, std::vector<std::string> queues, Duration lease = 30s) {
    WorkerInfo worker;
    worker.incarnation = random_id();
    worker.queues = std::move(queues);
    worker.lease = lease;
    run(broker.enlist(worker));
    return worker.incarnation;
}

ClaimParams claim_on(std::string const& incarnation, std::vector<std::string> queues, std::uint64_t number,
                     Duration wait = 0s) {
    auto params = claim_of(incarnation, number, wait);
    params.queues = std::move(queues);
    params.limit = 1000;
    return params;
}

std::string key_of(std::string const& queue, std::string const& what) {
    return "cohort:{:" + queue + "}:" + what;
}

// Its keys, one by one, as redis-cli's reshard does; `halfway` is called when some have gone.
void move_slot(RedisCluster& cluster, std::string const& queue, std::size_t to,
               std::function<void()> const& halfway) {
    int const slot = cluster.slot_of(key_of(queue, "jobs"));
    std::string const number = std::to_string(slot);
    auto const from = RedisCluster::home(slot);
    REQUIRE(from != to);
    REQUIRE(cluster.node(to).ask("CLUSTER SETSLOT " + number + " IMPORTING " + cluster.id(from)) == "OK");
    REQUIRE(cluster.node(from).ask("CLUSTER SETSLOT " + number + " MIGRATING " + cluster.id(to)) == "OK");
    bool is_first = true;
    for (;;) {
        std::string const keys = cluster.node(from).ask("CLUSTER GETKEYSINSLOT " + number + " 1");
        if (keys.empty()) break;
        std::string const target = "127.0.0.1 " + std::to_string(cluster.port(to));
        REQUIRE(cluster.node(from).ask("MIGRATE " + target + " '" + keys + "' 0 5000") == "OK");
        if (std::exchange(is_first, false)) halfway();
    }
    for (std::size_t const node : {to, from})
        REQUIRE(cluster.node(node).ask("CLUSTER SETSLOT " + number + " NODE " + cluster.id(to)) == "OK");
}

// Pushes one job after the other, each until it is stored.
class Pusher {
public:
    Pusher(Broker& broker, std::string queue)
        : thread_{[this, &broker, queue = std::move(queue)] {
              int tries_left = 3;  // when it is over
              while (!is_over_ || is_in_doubt_) {
                  std::string const id = "j" + std::to_string(pushed.load());
                  is_in_doubt_ = code_of(broker.push({job_in(queue, id)})) != errc::ok;
                  if (!is_in_doubt_) ++pushed;
                  if (is_over_ && --tries_left == 0) return;
              }
          }} {}
    ~Pusher() { stop(); }
    Pusher(Pusher const&) = delete;
    Pusher& operator=(Pusher const&) = delete;

    // How many there are.
    int stop() {
        is_over_ = true;
        if (thread_.joinable()) thread_.join();
        return pushed;
    }

    std::atomic<int> pushed{0};

private:
    std::atomic<bool> is_over_{false};
    bool is_in_doubt_ = false;  // the last one may be there
    std::thread thread_;
};

}  // namespace

TEST_CASE("the slot of a key is what the specification says", "[cluster]") {
    CHECK(redis::slot_of("123456789") == 12739);
    CHECK(redis::slot_of("foo{hash_tag}") == redis::slot_of("hash_tag"));
    CHECK(redis::slot_of("foo{}{bar}") == redis::slot_of("foo{}{bar}"));
    CHECK(redis::slot_of("foo{{bar}}zap") == redis::slot_of("{bar"));
    CHECK(redis::slot_of("foo{bar}{zap}") == redis::slot_of("bar"));
    auto const moved = redis::read_redirection("MOVED 3999 127.0.0.1:6381", "MOVED", {"h", 1});
    REQUIRE(moved);
    CHECK(moved->node == redis::Node{"127.0.0.1", 6381});
    CHECK(redis::read_redirection("ASK 1 :6381", "ASK", {"h", 1})->node == redis::Node{"h", 6381});
    CHECK(redis::read_redirection("ASK 1 ::1:6381", "ASK", {"h", 1})->node == redis::Node{"::1", 6381});
    for (char const* bad :
         {"MOVED", "MOVED ", "MOVED 16384 h:1", "MOVED 1 h", "MOVED x h:1", "MOVED 1 h:99999"})
        CHECK_FALSE(redis::read_redirection(bad, "MOVED", {"h", 1}));
}

TEST_CASE("the wrong kind of server is told apart from a cluster, with the fix", "[cluster]") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    RedisServer const server{{"--port", port}};
    try {
        run(open("redis+cluster://127.0.0.1:" + port)->push(one("a")));
        FAIL("it was taken");
    } catch (Error const& error) {
        CHECK(error.which() == errc::broker_unsupported);
        CHECK(error.detail().find("write redis:") != std::string::npos);
    }
}

TEST_CASE("queues on all nodes of a cluster share their workers and clients", "[cluster]") {
    NEED_REDIS
    RedisCluster cluster;
    auto const broker = open(cluster.url("poll=1s"));
    auto const worker = enlist_on(*broker, some_queues);
    boost::asio::io_context loop;
    auto waiting = boost::asio::co_spawn(loop, broker->claim(claim_on(worker, some_queues, 1, 20s)),
                                         boost::asio::use_future);
    std::thread waiter{[&] { loop.run(); }};
    std::this_thread::sleep_for(std::chrono::milliseconds{200});
    auto const begun = std::chrono::steady_clock::now();
    run(broker->push({job_in("h", "first")}));
    CHECK(waiting.get().jobs.size() == 1);
    CHECK(since(begun) < 900ms);  // by its marker, not by looking
    waiter.join();

    std::vector<NewJob> jobs;
    for (auto const& queue : some_queues)
        jobs.push_back(job_in(queue, "j-" + queue));
    for (auto const& result : run(broker->push(jobs)))
        CHECK(result.verdict == PushVerdict::stored);
    std::set<std::size_t> homes;
    for (auto const& queue : some_queues)
        homes.insert(RedisCluster::home(cluster.slot_of(key_of(queue, "jobs"))));
    CHECK(homes.size() == 3);
    auto const claimed = run(broker->claim(claim_on(worker, some_queues, 2)));
    REQUIRE(claimed.jobs.size() == some_queues.size());
    // Whichever node it listens at hears of every end.
    WatchParams watch;
    watch.client = "c1";
    watch.wait = 1ms;
    run(broker->watch(watch));
    std::vector<Settlement> ends;
    for (auto const& job : claimed.jobs)
        ends.push_back(success(job).front());
    run(broker->settle(ends));
    std::set<std::string> heard;
    watch.wait = 2s;
    CHECK(becomes_true([&] {
        for (auto const& ended : run(broker->watch(watch)))
            heard.insert(ended.ref.id);
        return heard.size() == some_queues.size();
    }));
    CHECK(run(broker->inspector()->queues()).size() == some_queues.size());
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("a slot may move while its queue is used, and no job is lost or given twice",
          "[cluster][F46][timeout:120]") {
    NEED_REDIS
    RedisCluster cluster;
    auto const broker = open(cluster.url("poll=100ms&timeout=3s"));
    auto const other = open(cluster.url("poll=100ms"));
    auto const worker = enlist_on(*broker, {"a"});
    run(broker->push({job_in("a", "before"), job_in("a", "held")}));
    auto const before = run(broker->claim(claim_on(worker, {"a"}, 1)));
    REQUIRE(before.jobs.size() == 2);
    auto const home = RedisCluster::home(cluster.slot_of(key_of("a", "jobs")));
    Pusher pusher{*other, "a"};
    CHECK(becomes_true([&] { return pusher.pushed > 0; }));
    move_slot(cluster, "a", (home + 1) % 3,
              [&] { std::this_thread::sleep_for(std::chrono::milliseconds{100}); });
    int const before_its_end = pusher.pushed;
    auto const settled = success(before.jobs.front());
    CHECK(run(broker->settle(settled)) == std::vector{Verdict::accepted});
    CHECK(becomes_true([&] { return pusher.pushed > before_its_end + 1; }));
    int const pushed = pusher.stop();

    std::set<std::string> given;
    std::uint64_t number = 2;
    while (static_cast<int>(given.size()) < pushed) {
        auto const reply = run(broker->claim(claim_on(worker, {"a"}, number++, 1s)));
        if (reply.jobs.empty()) break;
        for (auto const& job : reply.jobs)
            CHECK(given.insert(job.ref.id).second);
    }
    CHECK(static_cast<int>(given.size()) == pushed);
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("while a slot is on the move its queue is busy, and commands about one key go where that is",
          "[cluster]") {
    NEED_REDIS
    RedisCluster cluster;
    auto const broker = open(cluster.url("poll=100ms&timeout=1s"));
    int const slot = cluster.slot_of(key_of("a", "jobs"));
    auto const from = RedisCluster::home(slot);
    auto const to = (from + 1) % 3;
    std::string const number = std::to_string(slot);
    cluster.node(to).ask("CLUSTER SETSLOT " + number + " IMPORTING " + cluster.id(from));
    cluster.node(from).ask("CLUSTER SETSLOT " + number + " MIGRATING " + cluster.id(to));

    // The old node says ASK.
    run(broker->inspector()->pause("a"));
    CHECK(cluster.node(to).ask("CLUSTER COUNTKEYSINSLOT " + number) == "1");
    // A script names keys that are nowhere yet: the new node says TRYAGAIN until the slot is its own.
    auto const begun = std::chrono::steady_clock::now();
    CHECK(code_of(broker->push({job_in("a", "x")})) == errc::busy);
    CHECK(since(begun) < 3s);
    for (std::size_t const node : {to, from})
        cluster.node(node).ask("CLUSTER SETSLOT " + number + " NODE " + cluster.id(to));

    CHECK(run(broker->push({job_in("a", "x")})).at(0).verdict == PushVerdict::stored);
    run(broker->inspector()->resume("a"));
    auto const worker = enlist_on(*broker, {"a"});
    CHECK(run(broker->claim(claim_on(worker, {"a"}, 1, 1s))).jobs.size() == 1);
}

TEST_CASE("a cluster whose node is gone says so, serves the others, and all when a replica takes over",
          "[cluster][F46][timeout:120]") {
    NEED_REDIS
    RedisCluster cluster{3, {"--cluster-require-full-coverage", "no"}};
    auto const broker = open(cluster.url("poll=100ms&timeout=1s&replicas=1"));
    std::vector<NewJob> jobs;
    for (auto const& queue : some_queues)
        jobs.push_back(job_in(queue, "j-" + queue));
    CHECK(becomes_true([&] {
        for (auto const& result : run(broker->push(jobs))) {
            if (result.verdict == PushVerdict::uncertain) return false;
        }
        return true;
    }));
    auto const worker = enlist_on(*broker, some_queues);
    auto const home = RedisCluster::home(cluster.slot_of(key_of("a", "jobs")));
    cluster.node(home).kill();
    auto const early = run(broker->claim(claim_on(worker, some_queues, 1, 100ms)));
    CHECK_FALSE(early.jobs.empty());
    CHECK(early.jobs.size() < some_queues.size());

    // The two others agree, and its replica takes over.
    std::set<std::string> given;
    for (auto const& job : early.jobs)
        given.insert(job.ref.id);
    std::uint64_t claim_number = 2;
    CHECK(becomes_true(
        [&] {
            try {
                auto const reply = run(broker->claim(claim_on(worker, some_queues, claim_number, 100ms)));
                ++claim_number;
                for (auto const& job : reply.jobs)
                    given.insert(job.ref.id);
            } catch (Error const&) {
            }
            return given.size() == some_queues.size();
        },
        std::chrono::seconds{20}));
    CHECK(becomes_true([&] { return code_of(broker->push({job_in("a", "more")})) == errc::ok; }));
}

}  // namespace cluster_test
