// SPDX-License-Identifier: MIT
// A real server that dies, stands still, forgets, is full, or closes its connections. Waits here are real: it
// is the server's time that passes.
#include "redis/server.hpp"
#include "support/slowness.hpp"

#include <cohort/log.hpp>

#include <atomic>
#include <ctime>
#include <sys/resource.h>
#include <unistd.h>

namespace faults_test {

using namespace redis_test;

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

TEST_CASE("after FLUSHALL a queue is on the list again with the next push, or the next worker", "[F51]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url());
    auto const names = [&] { return run(broker->inspector()->queues()).size(); };
    run(broker->push(one("a")));
    run(broker->inspector()->pause("other"));
    enlist(*broker);
    CHECK(names() == 2);

    server.ask("FLUSHALL");
    CHECK(names() == 0);
    run(broker->push(one("b")));
    CHECK(names() == 1);
    CHECK(run(broker->inspector()->find_by_id("b")).has_value());

    server.ask("FLUSHALL");
    // Two of one key, so that one is refused.
    auto twice = one("c");
    twice.front().unique = "k";
    twice.push_back(twice.front());
    twice.back().ref.id = "d";
    CHECK(run(broker->push(twice)).at(1).verdict == PushVerdict::duplicate);
    CHECK(names() == 1);

    server.ask("FLUSHALL");
    enlist(*broker);
    CHECK(names() == 1);
    CHECK(run(broker->inspector()->workers()).size() == 1);

    server.ask("FLUSHALL");
    run(broker->inspector()->pause("other"));
    CHECK(names() == 1);
}

TEST_CASE("a queue is on the list of a server that comes back empty, also for who waits for replicas",
          "[F39]") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url("replicas=1&replication_timeout=1ms"));
    auto const other = open(server.url());
    auto const is_stored = [&](std::string const& id) {
        return run(broker->push(one(id))).at(0).verdict == PushVerdict::uncertain;
    };
    CHECK(is_stored("a"));
    server.kill();
    server.start();
    // Somebody else is first, and does not know of the list.
    server.ask("HINCRBY 'cohort:{:main}:meta' batch 1");

    CHECK(becomes_true([&] {
        try {
            return is_stored("b");
        } catch (Error const&) {
            return false;
        }
    }));
    CHECK(run(other->inspector()->queues()).size() == 1);
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
    // Also one that has no limit yet: it would delete jobs from the moment it gets one.
    char const* const limit = GENERATE("100mb", "0");
    RedisServer server{{"--maxmemory", limit, "--maxmemory-policy", "allkeys-lru"}};
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

TEST_CASE("who was let in, and is refused after an outage, says why in a line of its own", "[F56]") {
    NEED_REDIS
    RedisServer const server;
    auto const broker = open(server.url("timeout=500ms"));
    REQUIRE(code_of(broker->status({{"main", "a"}})) == errc::ok);
    std::atomic<int> lost = 0;
    std::atomic<int> refused = 0;
    set_log_sink([&](LogLevel, std::string_view line) {
        if (line.find("will be made again") == line.npos) return;
        ++(line.find("password") == line.npos ? lost : refused);
    });
    server.ask("CONFIG SET requirepass other");
    server.ask("-a other CLIENT KILL TYPE normal");
    CHECK(becomes_true([&] {
        code_of(broker->status({{"main", "a"}}));
        return refused > 0;
    }));
    CHECK(lost == 1);
    CHECK(refused == 1);
    set_log_sink({});
}

TEST_CASE("without a file descriptor left a broker says so, does not spin, and goes on when there is one",
          "[F77]") {
    NEED_REDIS
    if (support::slowness == 2) {
        std::cout << "SKIPPED: the undefined behaviour sanitizer needs a descriptor to look at an object\n";
        return;
    }
    RedisServer server;
    auto const broker = open(server.url("timeout=500ms"));
    run(broker->push(one("a")));
    rlimit old{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
    rlimit few = old;
    few.rlim_cur = 256;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    server.kill();
    CHECK(becomes_true([&] { return code_of(broker->status({{"main", "a"}})) != errc::ok; }));
    boost::asio::io_context loop;  // needs some itself
    boost::asio::co_spawn(loop, broker->status({{"main", "a"}}), [](std::exception_ptr, auto const&) {});
    loop.run();
    std::vector<int> taken;
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
        taken.push_back(fd);
    auto const spent = std::clock();
    std::string told;
    auto const begun = std::chrono::steady_clock::now();
    while (since(begun) < 1s ||
           (told.find("Too many open files") == std::string::npos && since(begun) < 10s)) {
        try {
            auto asked =
                boost::asio::co_spawn(loop, broker->status({{"main", "a"}}), boost::asio::use_future);
            loop.restart();
            loop.run();
            asked.get();
        } catch (Error const& error) {
            told = error.what();
        }
    }
    double const cpu = static_cast<double>(std::clock() - spent) / CLOCKS_PER_SEC;
    for (int const fd : taken)
        ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &old);
    INFO(told);
    CHECK(told.find("Too many open files") != std::string::npos);
    CHECK(cpu < 0.5);

    server.start();
    CHECK(becomes_true([&] { return code_of(broker->push(one("b"))) == errc::ok; }));
}

}  // namespace faults_test
