// SPDX-License-Identifier: MIT
// Ways to a real server: users, passwords, databases, TCP, replicas, large batches.
#include "redis/server.hpp"

namespace server_test {

using namespace redis_test;

TEST_CASE("a wrong password is told as such, without the password, and the right one is taken again",
          "[F56][F90][K02][I06]") {
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

TEST_CASE("who is refused does not come again and again", "[F56]") {
    NEED_REDIS
    RedisServer const server{{"--requirepass", "right"}};
    auto const wrong = open("redis+unix://:wrong-secret@" + server.socket() + "?timeout=1s");
    CHECK(code_of(wrong->push(one("a"))) == errc::auth_failed);
    auto const attempts = [&] {
        std::string const stats = server.ask("--no-auth-warning -a right INFO stats");
        std::string const name = "total_connections_received:";
        return std::stoi(stats.substr(stats.find(name) + name.size()));
    };
    int const before = attempts();
    CHECK(code_of(wrong->push(one("a"))) == errc::auth_failed);
    CHECK(code_of(wrong->push(one("a"))) == errc::auth_failed);
    CHECK(attempts() - before == 1);  // of the second question itself
}

TEST_CASE("two databases of a server share nothing") {
    NEED_REDIS
    RedisServer server;
    auto const first = open(server.url());
    auto const second = open(server.url("db=1"));
    run(first->push(one("a")));
    CHECK_FALSE(run(second->status({{"main", "a"}})).at(0).has_value());
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
    CHECK(code_of(wrong->push(one("b"))) == errc::broker_unsupported);  // a replica takes no writes
    replica.freeze();
    CHECK(run(broker->push(one("late"))).at(0).verdict == PushVerdict::uncertain);
    replica.thaw();
    CHECK(becomes_true([&] { return run(broker->push(one("late"))).at(0).verdict == PushVerdict::stored; }));
    CHECK(run(broker->inspector()->queues()).at(0).count(JobState::queued) == 2);
}

TEST_CASE("a server is reached over TCP, by address and by name; where nobody listens, it is said",
          "[K02][I06]") {
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

TEST_CASE("many large jobs go to the server in pieces") {
    NEED_REDIS
    RedisServer server;
    auto const broker = open(server.url());
    std::vector<NewJob> jobs;
    for (int i = 0; i < 40; ++i)
        jobs.push_back(make_job("j" + std::to_string(i), "[\"" + std::string(1'000'000, 'x') + "\"]"));
    for (PushResult const& result : run(broker->push(jobs)))
        CHECK(result.verdict == PushVerdict::stored);
    auto const worker = enlist(*broker);
    auto params = claim_of(worker, 1);
    params.limit = 40;
    auto const claimed = run(broker->claim(params)).jobs;
    REQUIRE(claimed.size() == 40);
    CHECK(claimed.back().ref.id == "j39");
    std::vector<Settlement> ends;
    for (JobRecord const& job : claimed) {
        ends.push_back(success(job).front());
        ends.back().result = job.arguments;
    }
    CHECK(run(broker->settle(ends)) == std::vector(40, Verdict::accepted));
    CHECK(run(broker->results({{"main", "j7"}})).at(0).result == claimed.at(7).arguments);
    std::string const stats = server.ask("INFO commandstats");
    CHECK(std::stoi(stats.substr(stats.find("cmdstat_hset:calls=") + 19)) >= 10);
}

TEST_CASE("a URL that is not right is refused with what is wrong", "[B35]") {
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

TEST_CASE("URLs that are nearly right are refused with the part that is wrong, and without the password",
          "[B35][B36][B37][F90]") {
    struct Row {
        char const* url;
        char const* told;
    };
    for (auto const& [url, told] :
         {Row{"", "empty"}, Row{"localhost", "scheme"}, Row{"redis:/h", ""}, Row{"redis://h:99999", "99999"},
          Row{"redis://h:abc", "port"}, Row{"redis://h:0", "0"}, Row{"redis://[::1", "["},
          Row{"redis://h 1", ""}, Row{"redis://h\n", ""}, Row{"redis://h:6379/0?tiemout=5s", "tiemout"},
          Row{"redis://h/70000", "70000"}, Row{"redis://u:open-sesame@x@h", "@"},
          Row{"redis://u:open-sesame%zz@h", "%"}, Row{"redis://u:open-sesame%@h", "%"},
          Row{"redis://u:open-sesame/x@h", ""}, Row{"redis://u:open-sesame@h:1,k:open-sesame@i:2", ""},
          Row{"redis+sentinel://u:open-sesame@a,b:99999?master=m", "99999"},
          Row{"redis+cluster://u:open-sesame@a,b/3", "3"},
          Row{"redis+cluster://u:open-sesame@a,b?db=3", "db"}}) {
        INFO(url);
        std::string fault = "it was taken";
        try {
            open(url);
        } catch (Error const& error) {
            CHECK(error.which() == errc::invalid_url);
            fault = error.what();
        }
        INFO(fault);
        CHECK(fault != "it was taken");
        CHECK(fault.find(told) != std::string::npos);
        CHECK(fault.find("open-sesame") == std::string::npos);
    }
    // A name in the password only: user without one, and the other way round.
    CHECK_NOTHROW(open("redis://ann@h"));
    CHECK_NOTHROW(open("redis://:open-sesame@h"));
    CHECK_NOTHROW(open("redis://ann:p%40ss%3A%2F@h"));
    // A sentinel's fault is told at once, without a connection.
    try {
        run(open("redis+sentinel://ann:open-sesame@a,b")->push(one("a")));
        FAIL("it was taken");
    } catch (Error const& error) {
        CHECK(error.which() == errc::invalid_url);
        CHECK(error.detail().find("master") != std::string::npos);
        CHECK(std::string{error.what()}.find("open-sesame") == std::string::npos);
    }
}

}  // namespace server_test
