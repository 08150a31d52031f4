// SPDX-License-Identifier: MIT
// A primary, its replicas and the sentinels that watch them: who is asked, and what a fail-over costs. Waits
// are real: it is the sentinels' time that passes.
#include "redis/sentinel.hpp"
#include "redis/server.hpp"
#include "support/redis_sentinels.hpp"
#include "support/slowness.hpp"

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

TEST_CASE("what sentinels say of a new master is understood, and everything else is left", "[sentinel]") {
    auto const heard = [](char const* channel, char const* message) {
        auto const place = redis::master_in(channel, message, "main");
        return place ? place->host + ":" + std::to_string(place->port) : std::string{};
    };
    char const* const promoted = "+promoted-slave";
    char const* const switched = "+switch-master";
    CHECK(heard(promoted, "slave 10.0.0.2:7 10.0.0.2 7 @ main 10.0.0.1 6") == "10.0.0.2:7");
    CHECK(heard(switched, "main 10.0.0.1 6 db.example 7") == "db.example:7");
    for (char const* message :
         {"", " ", "main", "main 10.0.0.1 6 10.0.0.2", "main 10.0.0.1 6 10.0.0.2 x",
          "main 10.0.0.1 6 10.0.0.2 0", "main 10.0.0.1 6 10.0.0.2 70000", "main 10.0.0.1 6 10.0.0.2 7 8",
          "other 10.0.0.1 6 10.0.0.2 7", "main 10.0.0.1 6  7",
          "slave 10.0.0.2:7 10.0.0.2 7 @ other 10.0.0.1 6", "slave 10.0.0.2:7 10.0.0.2 7"}) {
        INFO(message);
        CHECK(heard(switched, message).empty());
        CHECK(heard(promoted, message).empty());
    }
    CHECK(heard("+sdown", "main 10.0.0.1 6 10.0.0.2 7").empty());
}

namespace {

// Clients and a worker whose connections live: they go on whatever happens, and note what they were told.
class Load {
public:
    explicit Load(std::shared_ptr<Broker> broker) : broker_{std::move(broker)} {}
    ~Load() { end(); }

    std::size_t done() const { return done_; }
    void end() {
        is_over_ = true;
        for (auto* thread : {&pusher_, &worker_}) {
            if (thread->joinable()) thread->join();
        }
    }
    // After the end.
    std::vector<std::string> stored;
    std::map<std::string, int> ended;

private:
    // Nothing where it fails for too long.
    template<class Verb>
    auto insist(Verb verb) {
        while (std::chrono::steady_clock::now() < give_up_) {
            try {
                return run(verb());
            } catch (Error const&) {
                std::this_thread::sleep_for(std::chrono::milliseconds{5});
            }
        }
        return decltype(run(verb())){};
    }
    void push() {
        for (int i = 0; !is_over_; ++i) {
            std::string const id = "j" + std::to_string(i);
            auto const results = insist([&] { return broker_->push(one(id)); });
            if (!results.empty()) stored.push_back(id);
            std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
        is_stored_ = true;
    }
    void work() {
        Beat beat;
        beat.incarnation = incarnation_;
        for (std::uint64_t number = 1;; ++number) {
            bool const is_last = is_stored_;
            auto const jobs =
                insist([&] { return broker_->claim(claim_of(incarnation_, number, 50ms)); }).jobs;
            for (auto const& job : jobs) {
                auto const verdicts = insist([&] { return broker_->settle(success(job)); });
                if (verdicts == std::vector{Verdict::accepted}) ++ended[std::string{job.ref.id}];
                ++done_;
            }
            insist([&] { return broker_->renew(beat); });
            if (is_last && jobs.empty()) return;
        }
    }

    std::shared_ptr<Broker> const broker_;
    std::string const incarnation_ = enlist(*broker_, 60s);
    std::chrono::steady_clock::time_point const give_up_ =
        std::chrono::steady_clock::now() + std::chrono::seconds{60};
    std::atomic<bool> is_over_ = false;
    std::atomic<bool> is_stored_ = false;
    std::atomic<std::size_t> done_ = 0;
    std::thread pusher_{[this] { push(); }};
    std::thread worker_{[this] { work(); }};
};

}  // namespace

namespace {

// By hand, until it is done: on a slow machine sentinels give it up. Says which the new master is.
std::size_t fail_over(RedisSentinels& sentinels, std::size_t old) {
    CHECK(becomes_true(
        [&] {
            sentinels.sentinel(0).ask("SENTINEL FAILOVER main");
            return sentinels.master() != old;
        },
        std::chrono::seconds{20}));
    return sentinels.await_master_other_than(old);
}

}  // namespace

TEST_CASE("a planned fail-over under load loses nothing, where writes are held up until it is over",
          "[sentinel][F43][timeout:120]") {
    NEED_REDIS
    RedisSentinels sentinels{5000};
    auto const broker = open(sentinels.url("poll=200ms&timeout=1s&name=living"));
    auto const old = sentinels.master();
    Load load{broker};
    REQUIRE(becomes_true([&] { return load.done() > 50; }));
    sentinels.server(old).ask("CLIENT PAUSE 30000 WRITE");
    auto const master = fail_over(sentinels, old);
    auto const begun = std::chrono::steady_clock::now();
    auto const before = load.done();
    CHECK(becomes_true([&] { return load.done() > before + 20; }));
    CHECK(since(begun) < 3s * support::slowness);

    load.end();

    CHECK_FALSE(has(sentinels.server(old).ask("CLIENT LIST"), "name=living"));
    CHECK(has(sentinels.server(master).ask("CLIENT LIST"), "name=living"));
    for (auto const& id : load.stored) {
        INFO(id);
        auto const record = run(broker->status({{"main", id}})).at(0);
        REQUIRE(record.has_value());
        CHECK(record->state == JobState::succeeded);
        CHECK(record->counters.lost == 0);
        CHECK(load.ended[id] == 1);
    }
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE(
    "connections that wait leave a master as soon as the sentinels have another one, though it lives on",
    "[sentinel][F43][timeout:120]") {
    NEED_REDIS
    RedisSentinels sentinels{5000};
    auto const broker = open(sentinels.url("poll=20s&timeout=5s&name=living"));
    auto const worker = enlist(*broker, 60s);
    Beat beat;
    beat.incarnation = worker;
    run(broker->renew(beat));
    WatchParams watch;
    watch.client = "c1";
    watch.wait = 1ms;
    run(broker->watch(watch));
    boost::asio::io_context loop;
    auto waiting =
        boost::asio::co_spawn(loop, broker->claim(claim_of(worker, 1, 1h)), boost::asio::use_future);
    std::thread runner{[&] { loop.run(); }};
    auto const old = sentinels.master();
    auto& server = sentinels.server(old);
    REQUIRE(becomes_true([&] { return has(server.ask("CLIENT LIST"), "cmd=blpop"); }));

    auto const master = fail_over(sentinels, old);
    auto const begun = std::chrono::steady_clock::now();
    CHECK(becomes_true([&] { return !has(server.ask("CLIENT LIST"), "name=living"); },
                       std::chrono::seconds{30}));

    CHECK(since(begun) < 3s * support::slowness);
    CHECK(has(server.ask("ROLE"), "master"));  // it would have taken jobs, and lost them
    runner.join();
    CHECK_THROWS_AS(waiting.get(), Error);
    CHECK(code_of(broker->push(one("a"))) == errc::ok);
    CHECK(sentinels.server(master).ask("HEXISTS 'cohort:{:main}:jobs' a") == "1");
    auto const claimed = persist([&] { return broker->claim(claim_of(worker, 1, 5s)); });
    REQUIRE(claimed.jobs.size() == 1);
    CHECK(claimed.jobs.front().counters.lost == 0);
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
