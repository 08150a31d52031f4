// SPDX-License-Identifier: MIT
// A write lock that another program keeps for longer than a lease: nobody could beat.
#include "support.hpp"

#include <cohort/inspector.hpp>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <chrono>
#include <future>
#include <thread>

namespace held_up_test {

using namespace cohort;
using namespace test;

namespace {

constexpr auto lease = 600ms;

// Another program's connection.
struct Other {
    explicit Other(std::string const& path) { REQUIRE(sqlite3_open(path.c_str(), &handle) == SQLITE_OK); }
    ~Other() { sqlite3_close(handle); }
    Other(Other const&) = delete;
    Other& operator=(Other const&) = delete;
    void execute(char const* sql) {
        REQUIRE(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    }
    sqlite3* handle = nullptr;
};

UpkeepReply upkeep(std::shared_ptr<Broker> const& broker) {
    UpkeepParams params;
    params.queues = {"default"};
    return run(broker->upkeep(std::move(params)));
}

}  // namespace

TEST_CASE("who comes first after a lock that held up everybody takes nobody for dead", "[F49][F58]") {
    TempDirectory directory;
    auto const path = directory.file("q.db");
    auto const owner = open("sqlite:" + path);
    WorkerInfo worker = make_worker("w1");
    worker.lease = lease;
    run(owner->enlist(worker));
    run(owner->push({make_job("j1")}));
    auto const claimed = run(owner->claim(make_claim("w1", 1))).jobs;
    REQUIRE(claimed.size() == 1);
    auto const other_worker = open("sqlite:" + path);
    CHECK(upkeep(other_worker).recovered == 0);

    Other program{path};
    program.execute("BEGIN IMMEDIATE");
    // Real time: it is the time of other processes that passes here.
    std::this_thread::sleep_for(lease + 100ms);
    auto first = std::async(std::launch::async, [&] { return upkeep(other_worker); });
    std::this_thread::sleep_for(300ms);
    CHECK(first.wait_for(0s) == std::future_status::timeout);
    program.execute("ROLLBACK");
    CHECK(first.get().recovered == 0);
    Beat beat;
    beat.incarnation = "w1";
    CHECK_FALSE(run(owner->renew(beat)).retired);
    CHECK(run(owner->settle({succeed(claimed[0])})) == std::vector{Verdict::accepted});

    // A worker that does not beat although it could is dead as ever.
    run(owner->push({make_job("j2")}));
    REQUIRE(run(owner->claim(make_claim("w1", 2))).jobs.size() == 1);
    std::this_thread::sleep_for(lease + 100ms);
    CHECK(upkeep(other_worker).recovered == 1);
}

}  // namespace held_up_test
