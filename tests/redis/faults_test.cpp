// SPDX-License-Identifier: MIT
// A real server that dies, stands still, forgets, is full, or keeps its doors shut. Waits here are real: it
// is the server's time that passes.
#include "redis/redis.hpp"
#include "support/redis_server.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/inspector.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <iostream>
#include <set>
#include <thread>

using namespace cohort;

namespace {

using support::RedisServer;

// A test of this file begins with it: skipped aloud where there is no server.
#define NEED_REDIS                                                                                           \
    if (!RedisServer::is_installed()) {                                                                      \
        std::cout << "SKIPPED: redis-server is not installed\n";                                             \
        return;                                                                                              \
    }

std::shared_ptr<Broker> open(std::string const& url) {
    return redis::open(parse_url(url));
}

template<class T>
T run(awaitable<T> verb) {
    boost::asio::io_context loop;
    auto result = boost::asio::co_spawn(loop, std::move(verb), boost::asio::use_future);
    loop.run();
    return result.get();
}

template<class T>
errc code_of(awaitable<T> verb) {
    try {
        run(std::move(verb));
    } catch (Error const& error) {
        return error.which();
    }
    return errc::ok;
}

NewJob make_job(std::string id, std::string arguments = "[1,2]") {
    NewJob job;
    job.ref = JobRef{"main", std::move(id)};
    job.name = "shop.add";
    job.arguments = std::move(arguments);
    job.client = "c1";
    return job;
}

std::vector<NewJob> one(std::string id) {
    std::vector<NewJob> jobs;
    jobs.push_back(make_job(std::move(id)));
    return jobs;
}

std::string enlist(Broker& broker, Duration lease = 30s) {
    WorkerInfo worker;
    worker.incarnation = random_id();
    worker.queues = {"main"};
    worker.lease = lease;
    run(broker.enlist(worker));
    return worker.incarnation;
}

ClaimParams claim_of(std::string const& incarnation, std::uint64_t number, Duration wait = 0s) {
    ClaimParams params;
    params.incarnation = incarnation;
    params.queues = {"main"};
    params.limit = 10;
    params.number = number;
    params.wait = wait;
    return params;
}

std::vector<Settlement> success(JobRecord const& run) {
    Settlement settlement;
    settlement.ref = run.ref;
    settlement.token = *run.token;
    settlement.result = "3";
    return {settlement};
}

template<class Ask>
bool becomes_true(Ask ask, std::chrono::seconds patience = std::chrono::seconds{10}) {
    auto const deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
        if (ask()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
}

Duration since(std::chrono::steady_clock::time_point begun) {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
}

}  // namespace

TEST_CASE("without a server a verb says so, and works as soon as there is one", "[F39]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("timeout=500ms"));
    server.kill();
    auto const begun = std::chrono::steady_clock::now();
    CHECK(code_of(broker->push(one("a"))) == errc::unavailable);
    CHECK(since(begun) < 2s);

    server.start();

    CHECK(becomes_true([&] { return code_of(broker->push(one("a"))) == errc::ok; }));
    CHECK(run(broker->status({{"main", "a"}})).at(0).has_value());
}

TEST_CASE("a broker goes on with a server that comes back empty", "[F39]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    auto const old = enlist(*broker);
    run(broker->push(one("a")));
    auto const claimed = run(broker->claim(claim_of(old, 1)));
    REQUIRE(claimed.jobs.size() == 1);
    server.kill();
    server.start();
    REQUIRE(becomes_true([&] { return code_of(broker->status({{"main", "a"}})) == errc::ok; }));

    CHECK_FALSE(run(broker->results({{"main", "a"}})).at(0).known);
    CHECK(run(broker->settle(success(claimed.jobs.front()))) == std::vector{Verdict::gone});
    Beat beat;
    beat.incarnation = old;
    CHECK(run(broker->renew(beat)).retired);
    CHECK(run(broker->claim(claim_of(old, 2))).retired);
    auto const fresh = enlist(*broker);
    run(broker->push(one("b")));
    CHECK(run(broker->claim(claim_of(fresh, 1))).jobs.size() == 1);
    CHECK(run(broker->inspector()->queues()).size() == 1);
}

TEST_CASE("what was written to disk is there after a kill of the server", "[F38]") {
    NEED_REDIS
    RedisServer server{{"--appendonly", "yes", "--appendfsync", "always"}};
    auto const broker = open(server.url());
    std::vector<NewJob> jobs;
    for (int i = 0; i < 200; ++i)
        jobs.push_back(make_job("j" + std::to_string(i)));
    run(broker->push(jobs));
    auto const worker = enlist(*broker);
    auto const claimed = run(broker->claim(claim_of(worker, 1)));
    REQUIRE(claimed.jobs.size() == 10);
    server.kill();
    server.start();
    REQUIRE(becomes_true([&] { return code_of(broker->status({{"main", "j0"}})) == errc::ok; }));

    CHECK(run(broker->claim(claim_of(worker, 1))).jobs == claimed.jobs);
    CHECK(run(broker->settle(success(claimed.jobs.front()))) == std::vector{Verdict::accepted});
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
    QueueInfo const info = run(broker->inspector()->queues()).at(0);
    CHECK(info.count(JobState::queued) == 190);
    CHECK(info.count(JobState::running) == 9);
    CHECK(info.count(JobState::succeeded) == 1);
}

TEST_CASE("scripts that the server has forgotten are sent again", "[F50]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    for (int i = 0; i < 5; ++i) {
        server.ask("SCRIPT FLUSH");
        CHECK(run(broker->push(one("j" + std::to_string(i)))).at(0).verdict == PushVerdict::stored);
        server.ask("SCRIPT FLUSH");
        auto const claimed = run(broker->claim(claim_of(worker, static_cast<std::uint64_t>(i) + 1)));
        REQUIRE(claimed.jobs.size() == 1);
        server.ask("SCRIPT FLUSH");
        CHECK(run(broker->settle(success(claimed.jobs.front()))) == std::vector{Verdict::accepted});
    }
}

TEST_CASE("a server that stands still costs a verb its timeout, and what was asked is uncertain", "[F49]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("timeout=300ms"));
    run(broker->push(one("a")));
    server.freeze();
    auto const begun = std::chrono::steady_clock::now();

    CHECK(code_of(broker->push(one("b"))) == errc::uncertain);
    CHECK(code_of(broker->status({{"main", "a"}})) == errc::unavailable);

    CHECK(since(begun) < 3s);
    server.thaw();
    CHECK(becomes_true([&] { return code_of(broker->push(one("b"))) == errc::ok; }));
    CHECK(run(broker->inspector()->queues()).at(0).count(JobState::queued) == 2);
}

TEST_CASE("a claim that waits on a server which stands still ends in time", "[F66]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("timeout=300ms&poll=200ms"));
    auto const worker = enlist(*broker);
    std::thread freezer{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
        server.freeze();
    }};
    auto const begun = std::chrono::steady_clock::now();
    CHECK(code_of(broker->claim(claim_of(worker, 1, 1h))) == errc::unavailable);
    CHECK(since(begun) < 3s);
    freezer.join();
    server.thaw();
}

TEST_CASE("connections that the server closes are made again, and no job is lost", "[F47]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("poll=100ms"));
    auto const worker = enlist(*broker);
    std::atomic<bool> is_over{false};
    std::thread killer{[&] {
        for (int i = 0; i < 20 && !is_over; ++i) {
            server.ask("CLIENT KILL TYPE normal SKIPME yes");
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }};
    std::uint64_t number = 1;
    std::set<std::string> done;
    for (int i = 0; i < 100; ++i) {
        std::string const id = "j" + std::to_string(i);
        CHECK(becomes_true([&] { return code_of(broker->push(one(id))) == errc::ok; }));
        std::vector<JobRecord> jobs;
        CHECK(becomes_true([&] {
            try {
                jobs = run(broker->claim(claim_of(worker, number, 1s))).jobs;
                return true;
            } catch (Error const&) {
                return false;
            }
        }));
        ++number;
        for (JobRecord const& job : jobs) {
            CHECK(becomes_true([&] {
                try {
                    return run(broker->settle(success(job))) == std::vector{Verdict::accepted};
                } catch (Error const&) {
                    return false;
                }
            }));
            CHECK(done.insert(job.ref.id).second);
        }
    }
    is_over = true;
    killer.join();
    CHECK(done.size() == 100);
    CHECK(becomes_true([&] { return code_of(broker->inspector()->audit()) == errc::ok; }));
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("with no memory left nothing new is taken, and what runs keeps its lease and can end", "[F52]") {
    NEED_REDIS
    RedisServer server{{"--maxmemory-policy", "noeviction"}};
    auto const broker = open(server.url());
    auto const worker = enlist(*broker, 30s);
    for (char const* id : {"good", "bad", "back"})
        run(broker->push(one(id)));
    auto const claimed = run(broker->claim(claim_of(worker, 1)));
    REQUIRE(claimed.jobs.size() == 3);
    run(broker->push(one("waiting")));
    server.ask("CONFIG SET maxmemory 1");

    CHECK(code_of(broker->push(one("more"))) == errc::storage_full);
    Beat beat;
    beat.incarnation = worker;
    beat.held = {{"main", 3}};
    BeatReply const reply = run(broker->renew(beat));
    CHECK_FALSE(reply.retired);
    CHECK(reply.strays.empty());
    CHECK(run(broker->settle(success(claimed.jobs[0]))) == std::vector{Verdict::accepted});
    std::vector<Settlement> others = success(claimed.jobs[1]);
    others.push_back(success(claimed.jobs[2]).front());
    others[0].kind = SettleKind::failed;
    others[0].reason = FailReason::exception;
    others[1].kind = SettleKind::released;
    CHECK(run(broker->settle(others)) == std::vector{Verdict::accepted, Verdict::accepted});
    CHECK(run(broker->claim(claim_of(worker, 2))).jobs.size() == 2);
    CHECK(run(broker->claim(claim_of(worker, 3))).jobs.empty());
    CHECK(run(broker->cancel({{"main", "waiting"}})) == std::vector{CancelVerdict::requested});
    UpkeepParams params;
    params.queues = {"main"};
    CHECK(code_of(broker->upkeep(params)) == errc::ok);

    server.ask("CONFIG SET maxmemory 0");
    CHECK(run(broker->push(one("more"))).at(0).verdict == PushVerdict::stored);
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("a server that evicts is refused, with the fix", "[F53]") {
    NEED_REDIS
    RedisServer server{{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}};
    auto const broker = open(server.url());
    try {
        run(broker->push(one("a")));
        FAIL("it was taken");
    } catch (Error const& error) {
        CHECK(error.which() == errc::broker_unsupported);
        CHECK(error.detail().find("CONFIG SET maxmemory-policy noeviction") != std::string::npos);
    }
    server.ask("CONFIG SET maxmemory-policy noeviction");
    CHECK(becomes_true([&] { return code_of(broker->push(one("a"))) == errc::ok; }));
}

TEST_CASE("a wrong password is told as such, without the password, and the right one is taken again",
          "[F56][F90]") {
    NEED_REDIS
    RedisServer server{{"--requirepass", "right"}};
    auto const wrong = open("redis+unix://:wrong-secret@" + server.socket());
    try {
        run(wrong->push(one("a")));
        FAIL("it was taken");
    } catch (Error const& error) {
        CHECK(error.which() == errc::auth_failed);
        CHECK(std::string{error.what()}.find("wrong-secret") == std::string::npos);
    }
    CHECK(code_of(open(server.url())->push(one("a"))) == errc::auth_failed);
    auto const broker = open("redis+unix://:right@" + server.socket());
    CHECK(run(broker->push(one("a"))).at(0).verdict == PushVerdict::stored);
}

TEST_CASE("two databases of a server share nothing") {
    NEED_REDIS
    RedisServer server;
    auto const first = open(server.url());
    auto const second = open(server.url("db=1"));
    run(first->push(one("a")));
    CHECK_FALSE(run(second->status({{"main", "a"}})).at(0).has_value());
}

TEST_CASE("a worker that waits for work asks the server less than once a second", "[idle]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    auto const worker = enlist(*broker);
    boost::asio::io_context loop;
    auto claim = boost::asio::co_spawn(loop, broker->claim(claim_of(worker, 1, 4s)), boost::asio::use_future);
    std::thread waiter{[&] { loop.run(); }};
    std::this_thread::sleep_for(std::chrono::milliseconds{500});
    auto const count = [&] {
        std::string const stats = server.ask("INFO stats");
        auto const at = stats.find("total_commands_processed:");
        return std::stoi(stats.substr(at + 25));
    };
    int const before = count();
    std::this_thread::sleep_for(std::chrono::seconds{3});
    int const after = count();
    CHECK(after - before <= 1 + 2);  // 1 is this count's own
    waiter.join();
    CHECK(claim.get().jobs.empty());
}

TEST_CASE("a user with the rights that the manual names can do all that clients and workers do") {
    NEED_REDIS
    RedisServer server;
    server.ask("ACL SETUSER ann on '>secret' '~cohort:*' '&cohort:*' +@read +@write +@connection +@pubsub "
               "+@blocking "
               "+eval +evalsha +time +info");
    server.ask("ACL SETUSER default off");
    auto const broker = open("redis+unix://ann:secret@" + server.socket() + "?poll=100ms");
    auto const worker = enlist(*broker);
    run(broker->push(one("a")));
    auto const claimed = run(broker->claim(claim_of(worker, 1, 1s)));
    REQUIRE(claimed.jobs.size() == 1);
    Beat beat;
    beat.incarnation = worker;
    CHECK_FALSE(run(broker->renew(beat)).strays.empty());
    WatchParams watch;
    watch.client = "c1";
    watch.wait = 1ms;
    CHECK(run(broker->watch(watch)).empty());
    CHECK(run(broker->settle(success(claimed.jobs.front()))) == std::vector{Verdict::accepted});
    watch.wait = 5s;
    CHECK(run(broker->watch(watch)).size() == 1);
    CHECK(run(broker->claim(claim_of(worker, 2, 10ms))).jobs.empty());
    CHECK(run(broker->cancel({{"main", "a"}})) == std::vector{CancelVerdict::finished});
    UpkeepParams params;
    params.queues = {"main"};
    CHECK(code_of(broker->upkeep(params)) == errc::ok);
    CHECK(run(broker->inspector()->audit()) == std::vector<std::string>{});
    CHECK(run(broker->inspector()->queues()).size() == 1);
    ListParams list;
    list.queue = "main";
    CHECK(run(broker->inspector()->list(list)).jobs.size() == 1);

    boost::asio::io_context loop;
    boost::asio::cancellation_signal signal;
    std::exception_ptr ended;
    boost::asio::co_spawn(loop, broker->claim(claim_of(worker, 3, 1h)),
                          boost::asio::bind_cancellation_slot(
                              signal.slot(), [&](std::exception_ptr error, ClaimReply) { ended = error; }));
    loop.run_for(std::chrono::milliseconds{50});
    boost::asio::post(loop, [&] { signal.emit(boost::asio::cancellation_type::terminal); });
    auto const begun = std::chrono::steady_clock::now();
    loop.restart();
    loop.run();
    CHECK(ended);
    CHECK(since(begun) < 2s);
}

TEST_CASE(
    "with replicas asked for, a push is stored when they have it, and uncertain when they have not in time") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    RedisServer primary{{"--port", port, "--repl-diskless-sync-delay", "0"}};
    auto const broker = open(primary.url("replicas=1&timeout=1s"));
    CHECK(run(broker->push(one("early"))).at(0).verdict == PushVerdict::uncertain);

    RedisServer replica{{"--replicaof", "127.0.0.1", port}};
    REQUIRE(
        becomes_true([&] { return run(broker->push(one("early"))).at(0).verdict == PushVerdict::stored; }));

    CHECK(replica.ask("HLEN 'cohort:{:main}:jobs'") == "1");
    auto const wrong = open(replica.url("timeout=1s"));
    CHECK(code_of(wrong->push(one("b"))) == errc::unavailable);  // a replica takes no writes
    replica.freeze();
    CHECK(run(broker->push(one("late"))).at(0).verdict == PushVerdict::uncertain);
    replica.thaw();
    CHECK(becomes_true([&] { return run(broker->push(one("late"))).at(0).verdict == PushVerdict::stored; }));
    CHECK(run(broker->inspector()->queues()).at(0).count(JobState::queued) == 2);
}

TEST_CASE("a server is reached over TCP, by address and by name; where nobody listens, it is said") {
    NEED_REDIS
    std::string const port = std::to_string(support::free_port());
    {
        RedisServer const server{{"--port", port}};
        CHECK(run(open("redis://127.0.0.1:" + port)->push(one("a"))).at(0).verdict == PushVerdict::stored);
        CHECK(run(open("redis://localhost:" + port + "/0")->status({{"main", "a"}})).at(0).has_value());
        CHECK_FALSE(run(open("redis://localhost:" + port + "/3")->status({{"main", "a"}})).at(0).has_value());
        CHECK(code_of(open("redis://localhost:" + port + "/99")->push(one("a"))) == errc::invalid_url);
    }
    CHECK(code_of(open("redis://127.0.0.1:" + port)->push(one("a"))) == errc::unavailable);
    CHECK(code_of(open("redis://nobody.invalid:" + port)->push(one("a"))) == errc::unavailable);
}

TEST_CASE("a URL that is not right is refused with what is wrong", "[bad35]") {
    auto const fault_of = [](std::string const& url) -> std::string {
        try {
            open(url);
        } catch (Error const& error) {
            CHECK(error.which() == errc::invalid_url);
            return error.detail();
        }
        return {};
    };
    CHECK(fault_of("redis://h/notanumber").find("notanumber") != std::string::npos);
    CHECK(fault_of("redis://h/0?tiemout=5s").find("timeout") != std::string::npos);
    CHECK(fault_of("redis://h?timeout=0s").find("timeout") != std::string::npos);
    CHECK(fault_of("redis://a,b") != "");
    CHECK(fault_of("redis:") != "");
    CHECK(fault_of("redis+unix:") != "");
    CHECK(fault_of("redis://h?namespace=a%7Bb%7D").find("namespace") != std::string::npos);
    CHECK(fault_of("redis://h?name=a%20b").find("name") != std::string::npos);
    CHECK(fault_of("redis://h?replicas=-1").find("replicas") != std::string::npos);
}
