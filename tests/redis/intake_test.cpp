// SPDX-License-Identifier: MIT
// Jobs that other programs leave as JSON: what becomes of good and of bad ones.
#include "redis/intake.hpp"
#include "redis/redis.hpp"
#include "support/redis_server.hpp"

#include <cohort/id.hpp>
#include <cohort/inspector.hpp>
#include <cohort/run.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

namespace intake_test {

using namespace cohort;
using namespace cohort::redis;

namespace {

struct Setting {
    Setting() {
        WorkerInfo worker;
        worker.incarnation = random_id();
        worker.queues = {"main"};
        run(broker->enlist(worker));
        params.incarnation = worker.incarnation;
        params.queues = worker.queues;
        params.limit = 10;
        params.number = 0;
    }
    void leave(std::string const& text) { server.ask("RPUSH 'cohort:{:main}:in' '" + text + "'"); }
    std::vector<JobRecord> claim() {
        ++params.number;
        return run(broker->claim(params)).jobs;
    }

    support::RedisServer server;
    std::shared_ptr<Broker> const broker = redis::open(parse_url(server.url("poll=100ms")));
    ClaimParams params;
};

std::string fault_of(std::string_view text) {
    return read_envelope("main", text, "own").fault;
}

}  // namespace

TEST_CASE("an envelope is read with all that it may say") {
    Envelope const envelope = read_envelope(
        "main",
        R"({"v":1,"id":"a1","name":"shop.add","args":[1,12345678901234567,{"a":[]}],"priority":-3,"delay":1.5,)"
        R"("expires":60,"timeout":2,"max_retries":4,"version":7,"unique":"k","client":"c","sender":"s","new":null})",
        "own");
    REQUIRE(envelope.fault.empty());
    NewJob const& job = envelope.job;
    CHECK(job.ref == JobRef{"main", "a1"});
    CHECK(job.name == "shop.add");
    CHECK(job.arguments == R"([1,12345678901234567,{"a":[]}])");
    CHECK(job.priority == -3);
    CHECK(job.delay == 1500ms);
    CHECK(job.expires == 60s);
    CHECK(job.policy.timeout == 2s);
    CHECK(job.policy.max_retries == 4);
    CHECK(job.version == 7);
    CHECK(job.unique == "k");
    CHECK(job.client == "c");
    CHECK(job.sender == "s");
    Envelope const least = read_envelope("main", R"({"name":"f"})", "own");
    CHECK(least.fault.empty());
    CHECK(least.job.ref.id == "own");
    CHECK(least.job.arguments == "[]");
}

TEST_CASE("what is no envelope says what is wrong with it", "[bad19]") {
    CHECK(fault_of("") != "");
    CHECK(fault_of("{") != "");
    CHECK(fault_of("[]").find("an object") != std::string::npos);
    CHECK(fault_of("{}").find("name") != std::string::npos);
    CHECK(fault_of(R"({"name":"a b"})").find("invalid_job_name") != std::string::npos);
    CHECK(fault_of(R"({"name":"f","v":99})").find("unsupported version 99") != std::string::npos);
    CHECK(fault_of(R"({"name":"f","args":3})").find("args") != std::string::npos);
    CHECK(fault_of(R"({"name":"f","id":"a/b"})").find("invalid_job_id") != std::string::npos);
    CHECK(fault_of(R"({"name":"f","priority":101})").find("priority") != std::string::npos);
    CHECK(fault_of(R"({"name":"f","delay":-1})").find("delay") != std::string::npos);
    CHECK(fault_of(R"({"name":"f","max_retries":1e3})").find("max_retries") != std::string::npos);
    CHECK(fault_of("{\"name\":\"\xff\"}") != "");
    CHECK(fault_of(R"({"name":"f","name":"g"})") != "");
    CHECK(fault_of(R"({"name":"f","client":")" + std::string(300, 'c') + "\"}").find("client") !=
          std::string::npos);
}

TEST_CASE("the server shows no key but those of the manual, each of the type that it says", "[I02]") {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed\n";
        return;
    }
    std::map<std::string, std::string> types{{"cohort::queues", "set"}};
    std::ifstream manual{COHORT_SOURCE_DIR "/docs/brokers/redis.md"};
    for (std::string line; std::getline(manual, line);) {
        // | `name` | type | …
        auto const end = line.find("` | ");
        if (!line.starts_with("| `") || end == line.npos) continue;
        std::string const type = line.substr(end + 4, line.find(" |", end + 4) - end - 4);
        if (type == "hash" || type == "list" || type == "set" || type == "sorted set")
            types["cohort:{:main}:" + line.substr(3, end - 3)] = type == "sorted set" ? "zset" : type;
    }
    REQUIRE(types.size() > 15);

    Setting at;
    at.leave(R"({"name":"shop.add","args":[1,2]})");
    at.leave(R"({"name":"shop.add","priority":3,"unique":"only","expires":60})");
    at.leave(R"({"name":"shop.add","priority":2})");
    at.leave(R"({"name":"shop.later","delay":60})");
    at.params.limit = 3;
    auto const jobs = at.claim();
    REQUIRE(jobs.size() == 3);
    Settlement done;
    done.ref = jobs[0].ref;
    done.token = *jobs[0].token;
    done.kind = SettleKind::succeeded;
    done.result = "3";
    Settlement failed = done;
    failed.ref = jobs[1].ref;
    failed.kind = SettleKind::failed;
    failed.reason = FailReason::exception;
    CHECK(run(at.broker->settle({done, failed})).at(1) == Verdict::accepted);
    at.leave(R"({"name":"shop.add"})");

    std::set<std::string> seen;
    std::istringstream keys{at.server.ask("KEYS '*'")};
    for (std::string key; std::getline(keys, key);) {
        CAPTURE(key);
        REQUIRE(types.contains(key));
        CHECK(at.server.ask("TYPE '" + key + "'") == types[key]);
        seen.insert(key);
    }
    CHECK(seen.size() >= 10);
}

TEST_CASE("a job that another program has left runs, once for each id", "[I02]") {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed\n";
        return;
    }
    Setting at;
    at.leave(R"({"name":"shop.add","args":[1,2],"id":"x1"})");
    at.leave(R"({"name":"shop.add","args":[1,2],"id":"x1"})");
    at.leave(R"({"name":"shop.add","args":{"a":1}})");
    at.leave(R"({"name":"shop.later","delay":60})");

    auto const jobs = at.claim();

    REQUIRE(jobs.size() == 2);
    CHECK(jobs[0].ref.id == "x1");
    CHECK(jobs[0].arguments == "[1,2]");
    CHECK(jobs[1].arguments == R"({"a":1})");
    CHECK(at.claim().empty());
    CHECK(at.server.ask("EXISTS 'cohort:{:main}:in'") == "0");
    CHECK(run(at.broker->inspector()->queues()).at(0).count(JobState::scheduled) == 1);
    CHECK(run(at.broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("what another program has left and is no job fails once, with the reason, and holds nothing up",
          "[bad19]") {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed\n";
        return;
    }
    Setting at;
    at.leave("no json");
    at.leave(R"({"name":"shop.add"})");

    CHECK(at.claim().size() == 1);

    ListParams failed;
    failed.queue = "main";
    failed.state = JobState::failed;
    auto const page = run(at.broker->inspector()->list(failed));
    REQUIRE(page.jobs.size() == 1);
    CHECK(page.jobs.front().reason == FailReason::bad_payload);
    CHECK(page.jobs.front().error.find("not an envelope") != std::string::npos);
    CHECK(page.jobs.front().arguments == "\"no json\"");
    CHECK(at.claim().empty());
    CHECK(run(at.broker->inspector()->audit()) == std::vector<std::string>{});
}

TEST_CASE("a full queue leaves the jobs of another program where they are") {
    if (!support::RedisServer::is_installed()) {
        std::cout << "SKIPPED: redis-server is not installed\n";
        return;
    }
    Setting at;
    QueueOptions options;
    options.max_length = 2;
    run(at.broker->inspector()->configure("main", options));
    for (int i = 0; i < 5; ++i)
        at.leave(R"({"name":"shop.add","delay":3600})");

    CHECK(at.claim().empty());

    CHECK(run(at.broker->inspector()->queues()).at(0).count(JobState::scheduled) == 2);
    CHECK(at.server.ask("LLEN 'cohort:{:main}:in'") == "3");
}

}  // namespace intake_test
