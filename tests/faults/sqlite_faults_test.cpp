// SPDX-License-Identifier: MIT
// What happens to the file that is the broker.
#include "faults/jobs.hpp"
#include "faults/scenario.hpp"

#ifdef COHORT_FAULTS_SQLITE
#include "faults/sqlite_store.hpp"

#include <cohort/client.hpp>
#include <cohort/open.hpp>
#include <cohort/run.hpp>
#include <cohort/sleep.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <sched.h>
#include <sys/mount.h>

using namespace faults;

namespace {

// Everything in order again, with a worker that nobody troubles.
void finish(Stage& stage, Bounds const& bounds) {
    stage.asker().wait(60s);
    stage.start();
    stage.drain();
    stage.check(bounds);
}

}  // namespace

FAULT("F37", "sqlite", "everybody closes and comes back: all jobs end, and none twice") {
    stage.asker().enqueue({.job = "ok", .number = 50, .count = 200});
    stage.start(2);
    stage.until_ended(60 + stage.below(20));
    stage.pass(std::chrono::milliseconds{15 + stage.below(25)});
    stage.worker(0).stop();
    stage.worker(1).stop();
    CHECK(stage.worker(0).wait(5s) == 0);
    CHECK(stage.worker(1).wait(5s) == 0);
    stage.drop_asker();
    CHECK(stage.store().damage().empty());

    auto const begun = ledger_time();
    auto const before = stage.count("start");
    stage.start();
    stage.until_started(before + 1);
    CHECK(ledger_time() - begun < 2s * slowness);
    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);
}

FAULT("F38", "sqlite",
      "every process dies inside of a transaction: the file is whole and nothing that was promised is lost") {
    stage.asker().enqueue({.job = "ok", .number = 5, .count = 300});
    for (int round = 0; round < 4; ++round) {
        char const* const side = stage.below(2) == 0 ? "commit.before=abort@" : "commit.after=abort@";
        WorkerSetup setup;
        setup.failpoints = side + std::to_string(2 + stage.below(20));
        Hand& first = stage.start(setup);
        setup.failpoints = side + std::to_string(2 + stage.below(20));
        Hand& second = stage.start(setup);
        auto client = stage.start_client(
            {.job = "ok", .number = 1, .count = 10, .failpoints = side + std::to_string(1 + stage.below(2))});
        CHECK(first.wait(20s) == 128 + SIGKILL);
        CHECK(second.wait(20s) == 128 + SIGKILL);
        client.wait(20'000);
        CHECK(stage.store().damage().empty());
    }
    finish(stage, {.duplicates = 8 * 4});
}

FAULT("F39", "sqlite",
      "the file is deleted while all are closed: the jobs are gone, and everything works on") {
    auto const ids = stage.asker().enqueue({.job = "ok", .number = 5, .count = 20});
    stage.drop_asker();
    std::filesystem::remove(stage.file("jobs.db"));

    auto& client = stage.asker().client();
    std::optional<cohort::errc> code;
    try {
        auto const job = client.client().find<std::string>({"default", ids.front()});
        cohort::run(job.result(10s));
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    CHECK(code == cohort::errc::job_not_found);
    auto const begun = ledger_time();
    stage.start();
    CHECK(client.enqueue_job<ok>(1).result(5s).ends_with("/1/w1"));
    CHECK(ledger_time() - begun < 2s * slowness);
    CHECK(stage.store().damage().empty());
    stage.record({});
}

FAULT("F57", "sqlite",
      "the disk is full: enqueues say so, the file stays whole, and space heals everything") {
    // In a name space of our own: nobody else sees this disk, and it goes with this process.
    auto const disk = stage.file("disk");
    std::filesystem::create_directory(disk);
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", disk.c_str(), "tmpfs", 0, "size=3m") != 0) {
        std::cout << "SKIPPED: mounting a small disk needs more rights\n";
        return;
    }
    {
        SqliteStore store{StoreParams{disk, stage.ledger_path()}};
        Asker asker{store.open(), stage.ledger()};
        asker.enqueue({.job = "ok", .number = 1500, .count = 4});
        WorkerSetup setup;
        setup.name = "w1";
        auto const worker = store.start_worker(setup);
        stage.until_started(4);

        std::vector<char> const block(16'384, 'x');
        {
            std::ofstream filler{disk + "/filler", std::ios::binary};
            while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
            }
        }
        std::optional<cohort::errc> code;
        for (int i = 0; i < 200 && !code; ++i) {
            auto const told = asker.enqueue_as("x" + std::to_string(i), {.job = "ok", .number = 1});
            if (told != cohort::errc::ok) code = told;
        }
        CHECK(code == cohort::errc::storage_full);
        stage.pass(3s);  // the four end meanwhile, and nobody can write it down

        std::filesystem::remove(disk + "/filler");
        CHECK(asker.enqueue_as("after", {.job = "ok", .number = 1}) == cohort::errc::ok);
        asker.wait(30s);
        asker.join();
        for (int i = 0; i < 2000 && store.unfinished() > 0; ++i)
            stage.pass(10ms);
        auto const verdicts = judge(read_ledger(stage.ledger_path()), store);
        for (auto const& sentence : verdicts.complaints)
            UNSCOPED_INFO(sentence);
        CHECK(verdicts.complaints.empty());
        CHECK(verdicts.duplicates <= 4);
        stage.record(verdicts, {.duplicates = 4});
        worker->stop();
        CHECK(worker->wait(10s) == 0);
    }
    ::umount2(disk.c_str(), MNT_DETACH);
}

namespace {

struct Blocked {
    std::optional<cohort::errc> code;  // that the enqueue threw
    cohort::Duration took{};
    cohort::Duration lag{};  // of a timer of 10 ms on the same loop, at worst
};

cohort::awaitable<void> tick(Blocked& blocked) {
    while (!blocked.code) {
        auto const asked = ledger_time();
        co_await cohort::sleep_for(10ms);
        blocked.lag = std::max<cohort::Duration>(blocked.lag, ledger_time() - asked - 10ms);
    }
}

cohort::awaitable<void> enqueue_blocked(std::shared_ptr<cohort::Broker> broker, Blocked& blocked) {
    auto executor = co_await boost::asio::this_coro::executor;
    cohort::ClientOptions options;
    options.deadline = 500ms;
    cohort::Client client{executor, std::move(broker), std::move(options)};
    boost::asio::co_spawn(executor, tick(blocked), [](std::exception_ptr) {});
    auto const begun = ledger_time();
    auto code = cohort::errc::ok;
    try {
        co_await client.enqueue_job<ok>(1);
    } catch (cohort::Error const& error) {
        code = error.which();
    }
    blocked.took = ledger_time() - begun;
    blocked.code = code;
}

}  // namespace

FAULT("F49 F58", "sqlite",
      "another program holds the lock: calls end at their deadline, and nobody is taken for dead") {
    WorkerSetup setup;
    stage.asker().enqueue({.job = "ok", .number = 6000 * slowness, .count = 4});
    stage.start(setup);
    stage.until_started(4);
    stage.start(setup);
    stage.pass(500ms);

    auto const broker = stage.store().open();
    Onlooker other{stage.file("jobs.db")};
    other.execute("BEGIN IMMEDIATE");
    Blocked blocked;
    cohort::run(enqueue_blocked(broker, blocked));
    stage.pass(4 * setup.lease - blocked.took);
    other.execute("ROLLBACK");

    CHECK(blocked.took >= 500ms);
    CHECK(blocked.took < 500ms + 400ms * slowness);
    CHECK(blocked.lag < 250ms * slowness);
    auto const code = blocked.code;
    CHECK(code == cohort::errc::busy);
    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read())
        CHECK(job.counters.lost == 0);
}

NIGHTLY_FAULT("F63", "sqlite", "eight processes come and go for a minute, as they like: the file is whole") {
    stage.asker();
    auto const end = ledger_time() + 60s;
    WorkerSetup setup;
    setup.slots = 2;
    int started = 0;
    std::vector<Hand*> running;
    while (ledger_time() < end) {
        if (stage.below(4) == 0) stage.asker().enqueue({.job = "ok", .number = 3, .count = 5});
        while (running.size() < 8) {
            running.push_back(&stage.start(setup));
            ++started;
        }
        stage.pass(std::chrono::milliseconds{stage.below(60)});
        auto const victim = stage.below(running.size());
        if (stage.below(3) == 0)
            stage.kill(*running[victim]);
        else
            running[victim]->stop();
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    INFO(started << " processes");
    CHECK(started > 300);
    stage.asker().wait(60s);
    stage.drain();
    stage.check({.duplicates = static_cast<std::size_t>(2 * started)});
}

namespace {

void play_wrong_clocks(Stage& stage) {
    WorkerSetup fast;
    fast.skew = 1h;
    fast.lease = 900ms * slowness;
    WorkerSetup slow = fast;
    slow.skew = -1h;
    // Due times go by the wall clock of whoever looks; so nothing is delayed here.
    stage.start(fast);
    stage.start(slow);
    stage.asker().enqueue({.job = "ok", .number = 2500, .count = 8});
    stage.asker().enqueue({.job = "ok", .number = 20, .count = 100});
    stage.asker().wait(60s);
    stage.drain();
    stage.check();
    for (auto const& job : stage.store().read()) {
        CHECK(job.counters.lost == 0);
        CHECK(job.counters.attempt == 1);
    }
    // And a worker that does die is found out by either.
    stage.asker().enqueue({.job = "ok", .number = 1000, .count = 8});
    stage.asker().wait(60s);
    stage.until_started(108 + 4);
    stage.kill(stage.worker(0));
    stage.drain();
    stage.check({.duplicates = 4, .recovery = fast.recovery()});
}

}  // namespace

FAULT("F78", "sqlite", "workers an hour fast and an hour slow: no lease ends early, and no job runs twice") {
    play_wrong_clocks(stage);
}
NIGHTLY_FAULT("F78", "rabbitmq+sqlite",
              "workers an hour fast and an hour slow: no lease ends early, and no job runs twice") {
    play_wrong_clocks(stage);
}

#endif
