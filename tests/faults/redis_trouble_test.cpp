// SPDX-License-Identifier: MIT
// Rarer trouble with a server: long outages, flapping, fail-over with a replica that lags, keys that somebody
// damaged, a script that never ends. Waits are real: it is the server's time that passes.
#ifdef COHORT_FAULTS_REDIS
#include "faults/jobs.hpp"
#include "faults/proxy.hpp"
#include "faults/redis_scene.hpp"
#include "faults/usage.hpp"

#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace faults;

namespace {

std::size_t connections(Stage& stage) {
    auto const list = server_of(stage).ask("CLIENT LIST TYPE normal");
    return static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) + 1;
}

void play_outage(Stage& stage, cohort::Duration outage) {
    stage.asker().enqueue({.job = "ok", .number = 10, .count = 20});
    stage.start(2);
    stage.until_ended(20);
    server_of(stage).kill();
    auto const before = usage_of();
    auto const logged = std::filesystem::file_size(stage.file("w1.log"));
    auto const begun = ledger_time();
    int number = 0;
    while (ledger_time() < begun + outage) {
        auto const asked = ledger_time();
        CHECK(stage.asker().enqueue_as("out" + std::to_string(++number), {.job = "ok", .number = 5}) !=
              cohort::errc::ok);
        CHECK(ledger_time() - asked < 2s + 500ms * slowness);
        stage.pass(100ms);
    }
    CHECK(usage_of().kilobytes < before.kilobytes + 8 * 1024);
    CHECK(usage_of().descriptors <= before.descriptors + 4);
    // Twenty lines a second would be too much to say of one outage.
    auto const said = std::filesystem::file_size(stage.file("w1.log")) - logged;
    CHECK(said < 200u * 20 * static_cast<std::uintmax_t>(outage / 1s));
    server_of(stage).start();
    auto const back = ledger_time();
    auto const is_stored = [&] {
        return stage.asker().enqueue_as("after", {.job = "ok", .number = 5}) == cohort::errc::ok;
    };
    CHECK(becomes_true(is_stored, longest_return));
    stage.asker().wait(60s);
    stage.drain();
    CHECK(ledger_time() - back < longest_return + 1s);
    stage.check();
}

}  // namespace

NIGHTLY_FAULT("F41", "redis",
              "the server is away for 2 s under load: each call says so in time, and nothing grows") {
    play_outage(stage, 2s);
}
NIGHTLY_FAULT("F41", "redis",
              "the server is away for a minute under load: each call says so in time, and nothing grows") {
    play_outage(stage, 60s);
}

NIGHTLY_FAULT(
    "F42", "redis",
    "the server dies and comes back twenty times: no job is lost, and the connections are as before") {
    server_of(stage).ask("CONFIG SET appendfsync always");
    stage.start(2);
    stage.asker().enqueue({.job = "ok", .number = 5, .count = 20});
    stage.asker().wait(60s);
    stage.drain();
    // All wait now, and each has sent a beat, which has a connection of its own.
    stage.pass(WorkerSetup{}.lease / 3 + 500ms);
    auto const before = connections(stage);
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 100});
    stage.asker().wait(60s);
    for (int i = 0; i < 20; ++i) {
        server_of(stage).kill();
        stage.pass(std::chrono::milliseconds{stage.below(100)});
        server_of(stage).start();
        server_of(stage).ask("CONFIG SET appendfsync always");
        stage.pass(std::chrono::milliseconds{stage.below(200)});
    }
    stage.drain(60s);
    stage.check({.duplicates = 8});
    stage.asker().enqueue({.job = "ok", .number = 5, .count = 20});
    stage.drain(30s);
    CHECK(becomes_true([&] { return connections(stage) <= before; }, longest_return));
}

namespace {

// A primary whose link to its replica goes through a proxy.
struct Pair {
    Pair()
        : link{static_cast<std::uint16_t>(port)},
          replica{{"--port", std::to_string(replica_port), "--appendonly", "yes", "--replicaof",
                   "127.0.0.1 " + std::to_string(link.port())}} {}
    static std::vector<std::string> primary_options(int port) {
        return {"--port",
                std::to_string(port),
                "--repl-diskless-sync-delay",
                "0",
                "--appendonly",
                "yes",
                "--repl-timeout",
                "60"};
    }
    std::string url(int of, std::string const& parameters) const {
        return "redis://127.0.0.1:" + std::to_string(of) + "?timeout=10s" + parameters;
    }
    bool is_linked() const { return replica.ask("ROLE").find("connected") != std::string::npos; }

    int const port = support::free_port();
    int const replica_port = support::free_port();
    support::RedisServer primary{primary_options(port)};
    Proxy link;
    support::RedisServer replica;
};

cohort::errc push_one(cohort::Broker& broker, std::string const& id) {
    std::vector<cohort::NewJob> jobs(1);
    jobs[0].ref = {"default", id};
    jobs[0].name = "ok";
    jobs[0].arguments = "[1]";
    try {
        auto const results = cohort::run(broker.push(jobs));
        return results.at(0).verdict == cohort::PushVerdict::uncertain ? cohort::errc::uncertain
                                                                       : cohort::errc::ok;
    } catch (cohort::Error const& error) {
        return error.which();
    }
}

// What a client is told that asks for a replica, for one call.
std::string enqueue_replicated(std::string const& url, cohort::Duration patience) {
    cohort::BlockingClient client{url};
    try {
        client.enqueue_job<ok>({.replicas = cohort::Replicas{1, patience}}, 1);
    } catch (cohort::Error const& error) {
        CHECK(error.which() == cohort::errc::uncertain);
        return error.detail();
    }
    return {};
}

std::size_t known(cohort::Broker& broker, std::vector<std::string> const& ids) {
    std::vector<cohort::JobRef> refs;
    for (auto const& id : ids)
        refs.push_back({"default", id});
    auto const records = cohort::run(broker.status(refs));
    return static_cast<std::size_t>(
        std::ranges::count_if(records, [](auto const& record) { return !!record; }));
}

}  // namespace

FAULT("F44 A21", "redis",
      "a replica that lags takes over: what was asked to be replicated and was not is told, and the rest is "
      "there") {
    Pair pair;
    REQUIRE(becomes_true([&] { return pair.is_linked(); }, 20s));
    auto const safe = cohort::open_broker(pair.url(pair.port, "&replicas=1&replication_timeout=10s"));
    auto const hasty = cohort::open_broker(pair.url(pair.port, "&replicas=1&replication_timeout=200ms"));
    auto const fast = cohort::open_broker(pair.url(pair.port, ""));
    std::vector<std::string> kept;
    for (int i = 0; i < 20; ++i) {
        kept.push_back("kept" + std::to_string(i));
        CHECK(push_one(*safe, kept.back()) == cohort::errc::ok);
    }
    CHECK(enqueue_replicated(pair.url(pair.port, ""), 10s).empty());
    pair.link.set(Way::to_client, "blackhole");
    std::vector<std::string> risked;
    for (int i = 0; i < 20; ++i) {
        risked.push_back("risked" + std::to_string(i));
        CHECK(push_one(*fast, risked.back()) == cohort::errc::ok);
    }
    for (int i = 0; i < 3; ++i)
        CHECK(push_one(*hasty, "told" + std::to_string(i)) == cohort::errc::uncertain);
    CHECK(enqueue_replicated(pair.url(pair.port, ""), 200ms).find("on 0 of the 1 replicas") !=
          std::string::npos);
    pair.primary.kill();
    pair.replica.ask("REPLICAOF NO ONE");
    auto const other = cohort::open_broker(pair.url(pair.replica_port, ""));
    CHECK(known(*other, kept) == kept.size());
    CHECK(known(*other, risked) == 0);
    CHECK(cohort::run(other->inspector()->audit()).empty());
    stage.record({});
}

NIGHTLY_FAULT(
    "F45", "redis",
    "a primary is alone with its client: with min-replicas-to-write it takes nothing that would be lost") {
    Pair pair;
    REQUIRE(becomes_true([&] { return pair.is_linked(); }, 20s));
    pair.primary.ask("CONFIG SET min-replicas-to-write 1");
    pair.primary.ask("CONFIG SET min-replicas-max-lag 1");
    auto const old = cohort::open_broker(pair.url(pair.port, ""));
    REQUIRE(becomes_true([&] { return push_one(*old, "before") == cohort::errc::ok; }, 10s));
    auto const has_before = [&] {
        return pair.replica.ask("HEXISTS 'cohort:{:default}:jobs' before") == "1";
    };
    REQUIRE(becomes_true(has_before, 10s));
    pair.link.set(Way::to_client, "blackhole");
    pair.link.set(Way::to_server, "blackhole");
    pair.replica.ask("REPLICAOF NO ONE");
    auto const fresh = cohort::open_broker(pair.url(pair.replica_port, ""));
    std::vector<std::string> taken;
    int number = 0;
    auto const is_refused = [&] {
        auto const id = "old" + std::to_string(++number);
        auto const code = push_one(*old, id);
        if (code == cohort::errc::ok) taken.push_back(id);
        return code == cohort::errc::unavailable;
    };
    CHECK(becomes_true(is_refused, 10s));
    auto const window = taken.size();
    for (int i = 0; i < 20; ++i)
        CHECK(push_one(*old, "late" + std::to_string(i)) == cohort::errc::unavailable);
    CHECK(push_one(*fresh, "new") == cohort::errc::ok);
    // The partition heals: the old one follows, and what it alone had taken is gone.
    pair.primary.ask("CONFIG SET min-replicas-to-write 0");
    pair.primary.ask("REPLICAOF 127.0.0.1 " + std::to_string(pair.replica_port));
    REQUIRE(
        becomes_true([&] { return pair.primary.ask("HEXISTS 'cohort:{:default}:jobs' new") == "1"; }, 20s));
    CHECK(push_one(*old, "again") == cohort::errc::unavailable);
    std::vector<std::string> const both{"before", "new"};
    CHECK(known(*fresh, both) == 2);
    CHECK(known(*fresh, taken) == 0);
    INFO("taken by the old one before it noticed: " << window);
    CHECK(cohort::run(fresh->inspector()->audit()).empty());
    stage.record({});
}

NIGHTLY_FAULT("F48", "redis", "the server answers nobody for 4 s, then no writes: nothing runs twice") {
    stage.asker().enqueue({.job = "ok", .number = 300, .count = 40});
    stage.asker().wait(60s);
    stage.start(2);
    stage.until_started(8);
    server_of(stage).ask("CLIENT PAUSE 4000 ALL");
    auto const begun = ledger_time();
    CHECK(stage.asker().enqueue_as("asked", {.job = "ok", .number = 5}) == cohort::errc::uncertain);
    CHECK(ledger_time() - begun < 3s * slowness);
    stage.pass(std::max<cohort::Duration>(begun + 4100ms - ledger_time(), 0s));
    server_of(stage).ask("CLIENT PAUSE 2000 WRITE");
    stage.drain(60s);
    stage.check({.duplicates = 8});
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);
}

NIGHTLY_FAULT(
    "F55", "redis",
    "a script of somebody keeps the server busy for 3 s: workers and clients go on when it is killed") {
    stage.asker().enqueue({.job = "ok", .number = 300, .count = 40});
    stage.asker().wait(60s);
    stage.start(2);
    stage.until_started(8);
    server_of(stage).ask("CONFIG SET lua-time-limit 100");
    auto busy =
        std::async(std::launch::async, [&] { return server_of(stage).ask("EVAL 'while true do end' 0"); });
    stage.pass(500ms);
    CHECK(stage.asker().enqueue_as("asked", {.job = "ok", .number = 5}) == cohort::errc::busy);
    stage.pass(2500ms);
    CHECK(server_of(stage).ask("SCRIPT KILL") == "OK");
    busy.get();
    stage.drain(60s);
    stage.check({.duplicates = 8});
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);
}

namespace {

// The others have ended, and the one has no place where it would be found for ever.
void check_others(Stage& stage, std::size_t others) {
    CHECK(becomes_true([&] { return stage.count("commit") >= others; }, 20s));
    CHECK(becomes_true([&] { return server_of(stage).ask("HLEN 'cohort:{:default}:running'") == "0"; }, 20s));
}

}  // namespace

namespace {

enum class When : std::uint8_t { it_waits, it_runs, it_has_ended };
enum class Then : std::uint8_t { nothing, has_no_place, is_unreadable };

struct Damage {
    char const* command;
    When when;
    Then then = Then::nothing;
};

cohort::JobRecord victim_of(cohort::Broker& broker) {
    std::vector<cohort::JobRef> const refs{{"default", "j000001"}};
    return cohort::run(broker.status(refs)).at(0).value_or(cohort::JobRecord{});
}

// The operator hears of the job, sends it back, and it runs.
void send_back(cohort::Broker& broker) {
    auto const inspector = broker.inspector();
    auto const found = cohort::run(inspector->audit());
    CHECK(std::ranges::any_of(
        found, [](auto const& fault) { return fault.find("default/j000001 ") != std::string::npos; }));
    std::vector<cohort::JobRef> const refs{{"default", "j000001"}};
    CHECK(cohort::run(inspector->requeue(refs)) == std::vector{true});
    auto const is_there = [&] {
        auto const victim = victim_of(broker);
        return victim.state == cohort::JobState::succeeded && !victim.result.empty();
    };
    CHECK(becomes_true(is_there, 20s));
}

}  // namespace

NIGHTLY_FAULT(
    "F54", "redis",
    "somebody deletes a part of a job: it is never active for ever, an operator can send it back, and the "
    "others do not mind") {
    std::string const base = "'cohort:{:default}:";
    for (auto const& damage :
         {Damage{"HDEL %jobs' j000001", When::it_runs},
          Damage{"HDEL %running' j000001", When::it_runs, Then::has_no_place},
          Damage{"HDEL %jobs' j000001", When::it_waits},
          Damage{"LREM %list' 1 j000001", When::it_waits, Then::has_no_place},
          Damage{"HSET %jobs' j000001 x", When::it_waits, Then::is_unreadable},
          Damage{"HSET %jobs' j000001 x", When::it_runs}, Damage{"DEL %held'", When::it_runs},
          Damage{"DEL %beats'", When::it_runs}, Damage{"DEL %beats' %lives' %held'", When::it_runs},
          Damage{"DEL %lives'", When::it_runs},
          Damage{"DEL %results'", When::it_has_ended, Then::has_no_place}}) {
        stage.again([&](Stage& stage) {
            INFO(damage.command);
            std::string line = damage.command;
            for (auto at = line.find('%'); at != std::string::npos; at = line.find('%'))
                line.replace(at, 1, base);
            stage.asker().enqueue(
                {.job = "ok", .number = damage.when == When::it_runs ? 400 : 10, .count = 8});
            if (damage.when == When::it_waits) server_of(stage).ask(line);
            stage.start();
            if (damage.when == When::it_runs) stage.until_started(2);
            if (damage.when == When::it_has_ended)
                CHECK(becomes_true([&] { return stage.count("commit") >= 8; }, 20s));
            if (damage.when != When::it_waits) server_of(stage).ask(line);
            check_others(stage, 7);
            // And it works on.
            stage.asker().enqueue({.job = "ok", .number = 5, .count = 4});
            auto const is_over = [&] { return stage.count("commit") >= 11; };
            CHECK(becomes_true(is_over, 20s));
            auto const broker = stage.store().open();
            if (damage.then == Then::has_no_place) send_back(*broker);
            if (damage.then == Then::is_unreadable) {
                CHECK(victim_of(*broker).reason == cohort::FailReason::corrupt_state);
                CHECK(victim_of(*broker).state == cohort::JobState::failed);
                CHECK(cohort::run(broker->inspector()->audit()).empty());
            }
        });
    }
    stage.record({});
}

NIGHTLY_FAULT(
    "F54", "redis",
    "somebody puts a value of a wrong type in a key's place: it is said, and mended by deleting it") {
    for (char const* const key : {"list", "running", "beats", "meta"}) {
        stage.again([&, key](Stage& stage) {
            INFO(key);
            std::string const name = "'cohort:{:default}:" + std::string{key} + "'";
            stage.asker().enqueue({.job = "ok", .number = 10, .count = 2});
            stage.start();
            stage.until_ended(2);
            CHECK(becomes_true([&] { return stage.store().unfinished() == 0; }, 10s));
            server_of(stage).ask("DEL " + name);
            server_of(stage).ask("SET " + name + " x");
            auto const calls = [&] {
                std::string const stats = server_of(stage).ask("INFO stats");
                return std::stol(stats.substr(stats.find("total_commands_processed:") + 25));
            };
            auto const first = calls();
            stage.pass(1s);
            // No hot loop.
            CHECK(calls() - first < 300);
            server_of(stage).ask("DEL " + name);
            auto const is_stored = [&] {
                return stage.asker().enqueue_as("after", {.job = "ok", .number = 5}) == cohort::errc::ok;
            };
            CHECK(becomes_true(is_stored, 10s));
            CHECK(becomes_true([&] { return stage.count("commit") >= 3; }, 20s));
        });
    }
    stage.record({});
}
#endif
