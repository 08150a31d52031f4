// SPDX-License-Identifier: MIT
// What happens to a server, and to the way there. Waits are real: it is the server's time that passes.
#ifdef COHORT_FAULTS_REDIS
#include "faults/jobs.hpp"
#include "faults/proxy.hpp"
#include "faults/redis_scene.hpp"

#include <cohort/inspector.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

using namespace faults;

namespace {

cohort::errc enqueue_once(Stage& stage) {
    try {
        stage.asker().client().enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        return error.which();
    }
    return cohort::errc::ok;
}

// Until it works; gives how long that took.
cohort::Duration until_it_works(Stage& stage, cohort::Duration patience = 20s) {
    auto const begun = ledger_time();
    while (enqueue_once(stage) != cohort::errc::ok && ledger_time() < begun + patience)
        stage.pass(20ms);
    return ledger_time() - begun;
}

}  // namespace

FAULT("F27", "redis", "the answer to an enqueue is lost on its way: the same id again is one job") {
    auto& store = static_cast<RedisStore&>(stage.store());
    Proxy network{store.port()};
    store.set_url("redis://127.0.0.1:" + std::to_string(network.port()) + "?timeout=500ms&poll=1s");
    CHECK(stage.asker().enqueue_as("before", {.job = "ok", .number = 20}) == cohort::errc::ok);
    network.set(Way::to_client, "blackhole");
    CHECK(stage.asker().enqueue_as("twice", {.job = "ok", .number = 20}) == cohort::errc::uncertain);
    CHECK(stage.store().read().size() == 2);
    network.set(Way::to_client, "pass");
    network.rst();
    for (int i = 0; i < 500; ++i) {
        if (stage.asker().enqueue_as("twice", {.job = "ok", .number = 20}) == cohort::errc::ok) break;
        stage.pass(20ms);
    }
    stage.asker().wait(30s);
    stage.start();
    stage.drain();
    stage.check();
    CHECK(stage.store().read().size() == 2);
}

FAULT("F28", "redis", "no broker where the client looks: it says so at once, and keeps nothing back") {
    auto const begun = ledger_time();
    std::optional<cohort::errc> code;
    try {
        cohort::BlockingClient client{"redis+unix:" + stage.file("nowhere") + "?timeout=500ms"};
        client.enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    CHECK(code == cohort::errc::unavailable);
    CHECK(ledger_time() - begun < 700ms * slowness);
    stage.record({});
}

FAULT("F33 F37", "redis",
      "the server is shut down and started again: jobs go on, and waits end with their results") {
    stage.asker().enqueue({.job = "ok", .number = 30, .count = 200});
    stage.asker().wait(60s);
    stage.start(2);
    stage.until_ended(60 + stage.below(20));
    server_of(stage).ask("SHUTDOWN SAVE");
    server_of(stage).kill();
    stage.pass(std::chrono::milliseconds{stage.below(500)});
    server_of(stage).start();
    auto const before = stage.count("commit");
    auto const begun = ledger_time();
    stage.until("outcomes are stored again", [&](auto const&) { return stage.count("commit") > before + 8; });
    CHECK(ledger_time() - begun < longest_return);
    stage.drain(60s);
    stage.check({.duplicates = 8});
}

FAULT("F38", "redis",
      "kill -9 of a server that writes each change to its disk: nothing that was promised is lost") {
    server_of(stage).ask("CONFIG SET appendfsync always");
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 200});
    stage.asker().wait(60s);
    stage.start(2);
    for (int round = 1; round <= 2; ++round) {
        stage.until_ended(static_cast<std::size_t>(round) * 40 + stage.below(20));
        server_of(stage).kill();
        server_of(stage).start();
        server_of(stage).ask("CONFIG SET appendfsync always");
        CHECK(stage.store().damage().empty());
    }
    stage.drain(60s);
    stage.check({.duplicates = 16});
}

namespace {

// The file that the server adds its changes to.
std::filesystem::path changes_of(support::RedisServer const& server) {
    std::filesystem::path found;
    for (auto const& entry : std::filesystem::recursive_directory_iterator{server.folder()}) {
        auto const name = entry.path().filename().string();
        if (name.ends_with(".incr.aof") || name == "appendonly.aof") found = entry.path();
    }
    return found;
}

}  // namespace

FAULT(
    "F38", "redis",
    "a server that writes to its disk each second loses the last of them: only jobs of the last two seconds "
    "are lost, those who await them are told, and nothing hangs") {
    server_of(stage).ask("CONFIG SET appendfsync everysec");
    stage.start(2);
    auto const early = stage.asker().enqueue({.job = "ok", .number = 5, .count = 20});
    stage.drain();
    // What a machine that loses its power would have: the file as it was when it last was on the disk.
    auto const file = changes_of(server_of(stage));
    std::uintmax_t written = 0;
    auto const is_all_there = [&] {
        auto const before = std::exchange(written, std::filesystem::file_size(file));
        return before == written && written > 0;
    };
    REQUIRE(becomes_true(is_all_there, 10s));
    auto const begun = ledger_time();
    auto const late = stage.asker().enqueue({.job = "ok", .number = 300, .count = 60});
    stage.asker().wait(60s);
    stage.until_started(24);
    CHECK(ledger_time() - begun < 2s * slowness);
    server_of(stage).kill();
    CHECK(std::filesystem::file_size(file) > written);
    std::filesystem::resize_file(file, written);
    server_of(stage).start();
    CHECK(until_it_works(stage) < longest_return);
    stage.asker().join();
    stage.drain(60s);
    std::size_t lost = 0;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        CHECK(event.what != "hung");
        if (event.what == "got" && event.words[1] == "unknown") ++lost;
    }
    INFO(lost << " were lost");
    CHECK(lost > 0);
    CHECK(lost <= late.size());
    std::set<std::string> kept;
    for (auto const& job : stage.store().read()) {
        kept.insert(job.id);
        CHECK(job.state == cohort::JobState::succeeded);
    }
    for (auto const& id : early)
        CHECK(kept.contains(id));
    CHECK(stage.store().damage().empty());
    stage.record({});
}

FAULT("F39", "redis", "the server comes back empty: waits end, and everything works on") {
    auto const ids = stage.asker().enqueue({.job = "ok", .number = 20, .count = 100});
    stage.asker().wait(60s);
    stage.start(2);
    stage.until_ended(20);
    server_of(stage).ask("FLUSHALL");
    server_of(stage).kill();
    server_of(stage).start();
    auto const back = ledger_time();
    until_it_works(stage);
    stage.asker().client().call<ok>(1);
    CHECK(ledger_time() - back < 2s * slowness);
    stage.asker().join();
    auto const lines = read_ledger(stage.ledger_path());
    CHECK(std::none_of(lines.begin(), lines.end(), [](auto const& event) { return event.what == "hung"; }));
    stage.drain();
    CHECK(stage.store().unfinished() == 0);
    CHECK(stage.store().damage().empty());
    stage.record({});
}

FAULT("F34 F51", "redis",
      "FLUSHALL while jobs run and are awaited: the waits say so, and new jobs run at once") {
    stage.asker().enqueue({.job = "ok", .number = 300, .count = 50});
    stage.asker().wait(60s);
    stage.start(2);
    stage.until_started(8);
    server_of(stage).ask("FLUSHALL");
    auto const begun = ledger_time();
    auto const job = stage.asker().client().enqueue_job<ok>(1);
    CHECK(job.result(10s).find('/') != std::string::npos);
    CHECK(ledger_time() - begun < 3s * slowness);
    // Operators see it all again.
    auto const onlooker = stage.store().open();
    auto const inspector = onlooker->inspector();
    CHECK(cohort::run(inspector->queues()).size() == 1);
    CHECK(cohort::run(inspector->find_by_id(std::string{job.id()})).has_value());
    CHECK(becomes_true([&] { return cohort::run(inspector->workers()).size() == 2; }, 10s));
    stage.asker().join();
    std::size_t unknown = 0;
    for (auto const& event : read_ledger(stage.ledger_path())) {
        CHECK(event.what != "hung");
        if (event.what == "got" && event.words[1] == "unknown") ++unknown;
    }
    CHECK(unknown >= 40);
    stage.drain();
    CHECK(stage.store().damage().empty());
    stage.record({});
}

FAULT("F30", "redis", "half of the markers that wake workers are lost: each job runs, a poll later at most") {
    WorkerSetup setup;
    setup.lease = 30s;  // so that a claim waits for longer than a poll
    setup.failpoints = "marker.drop=drop*0%50";
    stage.start(2, setup);
    CHECK(becomes_true([&] { return stage.store().enlisted() == 2; }, 20s));
    cohort::Duration longest{};
    for (int i = 0; i < 20; ++i) {
        auto const begun = ledger_time();
        auto& client = stage.asker().client();
        client.call<ok>(0);
        longest = std::max(longest, ledger_time() - begun);
    }
    INFO("the longest took " << cohort::to_string(longest));
    CHECK(longest > 200ms);  // some were lost
    CHECK(longest < 1s + 500ms * slowness);
    stage.drain();
    Verdicts verdicts;
    verdicts.jobs = 20;
    stage.record(verdicts);
}

FAULT("F40", "redis", "the server comes after its workers and clients: they wait for it") {
    stage.store();
    server_of(stage).kill();
    stage.start(2);
    CHECK(enqueue_once(stage) == cohort::errc::unavailable);
    stage.pass(3s);
    server_of(stage).start();
    auto const begun = ledger_time();
    until_it_works(stage);
    stage.until_started(1);
    CHECK(ledger_time() - begun < longest_return);
    stage.drain();
    CHECK(stage.store().unfinished() == 0);
    stage.record({});
}

FAULT("F47", "redis",
      "the server closes all connections, again and again: no job is lost, and none runs twice") {
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 200});
    stage.asker().wait(60s);
    stage.start(2);
    stage.until_started(1);
    for (int i = 0; i < 15; ++i) {
        server_of(stage).ask("CLIENT KILL TYPE normal SKIPME yes");
        stage.pass(std::chrono::milliseconds{50 + stage.below(100)});
    }
    stage.drain(60s);
    stage.check({.duplicates = 8});
}

FAULT("F49", "redis",
      "the server stands still for four leases: nobody is taken for dead, and nothing runs twice") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 1000, .count = 8});
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 40});
    stage.asker().wait(60s);
    stage.start(2, setup);
    stage.until_started(8);
    server_of(stage).freeze();
    stage.pass(4 * setup.lease);
    // Somebody new, who is first to look after the others.
    WorkerSetup eager = setup;
    eager.upkeep = 20ms;
    stage.start(eager);
    stage.pass(300ms);
    server_of(stage).thaw();
    stage.drain(60s);
    stage.check({.duplicates = 0});
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);
}

FAULT("F50", "redis", "the server forgets its scripts all the time: nobody notices") {
    stage.asker().enqueue({.job = "ok", .number = 10, .count = 200});
    stage.asker().wait(60s);
    stage.start(2);
    while (stage.store().unfinished() > 0 && stage.count("commit") < 200) {
        server_of(stage).ask("SCRIPT FLUSH");
        stage.pass(10ms);
    }
    stage.drain();
    stage.check();
    CHECK(stage.count("start") == 200);
}

FAULT("F52", "redis",
      "the server's memory is full: no new jobs, and those that run keep their leases and end") {
    WorkerSetup const setup;
    stage.asker().enqueue({.job = "ok", .number = 4000 * slowness, .count = 4});
    stage.asker().wait(60s);
    stage.start(setup);
    stage.until_started(4);
    server_of(stage).ask("CONFIG SET maxmemory 1");
    CHECK(enqueue_once(stage) == cohort::errc::storage_full);
    stage.until("all four are stored", [&](auto const&) { return stage.count("commit") == 4; });
    server_of(stage).ask("CONFIG SET maxmemory 0");
    CHECK(until_it_works(stage) < 1s);
    stage.drain();
    for (auto const& job : stage.store().read()) {
        CHECK(job.state == cohort::JobState::succeeded);
        CHECK(job.counters.lost == 0);
    }
    CHECK(stage.count("start") == 5);
    stage.record({});
}

FAULT("F56", "redis", "the password changes: all say so without telling it, and go on when it is back") {
    auto& store = static_cast<RedisStore&>(stage.store());
    server_of(stage).ask("CONFIG SET requirepass open-sesame");
    store.set_password("open-sesame");
    stage.start();
    CHECK(enqueue_once(stage) == cohort::errc::ok);
    stage.drain();
    std::string const cli = "--no-auth-warning -a ";
    server_of(stage).ask(cli + "open-sesame CONFIG SET requirepass other-words");
    server_of(stage).ask(cli + "other-words CLIENT KILL TYPE normal SKIPME yes");
    bool is_told = false;
    for (int i = 0; i < 500 && !is_told; ++i) {
        is_told = enqueue_once(stage) == cohort::errc::auth_failed;
        stage.pass(10ms);
    }
    CHECK(is_told);
    stage.pass(500ms);
    server_of(stage).ask(cli + "other-words CONFIG SET requirepass open-sesame");
    CHECK(until_it_works(stage) < longest_return);
    stage.drain();
    CHECK(stage.store().unfinished() == 0);
    std::ifstream log{stage.file("w1.log")};
    std::string const text{std::istreambuf_iterator<char>{log}, {}};
    CHECK(text.find("auth") != std::string::npos);
    CHECK(text.find("open-sesame") == std::string::npos);
    stage.record({});
}

FAULT("F56", "redis",
      "a right is taken from the user: the error names it and him, and the worker goes on when it is back") {
    auto& server = server_of(stage);
    server.ask("ACL SETUSER ann on '>open-sesame' '~*' '&*' +@all");
    store_of(stage).set_url("redis+unix://ann:open-sesame@" + server.socket() + "?poll=1s&timeout=2s");
    stage.start();
    stage.asker().client().call<ok>(1);
    server.ask("ACL SETUSER ann -evalsha");
    std::string told;
    try {
        stage.asker().client().enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        CHECK(error.which() == cohort::errc::auth_failed);
        told = error.what();
    }
    INFO(told);
    CHECK(told.find("evalsha") != std::string::npos);
    CHECK(told.find("ann") != std::string::npos);
    CHECK(told.find("docs/brokers/redis.md") != std::string::npos);
    auto const has_worker_told = [&] {
        std::ifstream log{stage.file("w1.log")};
        std::string const text{std::istreambuf_iterator<char>{log}, {}};
        return text.find("evalsha") != std::string::npos && text.find("open-sesame") == std::string::npos;
    };
    CHECK(becomes_true(has_worker_told, 20s));
    server.ask("ACL SETUSER ann +evalsha");
    auto const back = ledger_time();
    stage.asker().client().call<ok>(1);
    CHECK(ledger_time() - back < longest_return);
    stage.drain();
    CHECK(stage.store().unfinished() == 0);
    stage.record({});
}
#endif
