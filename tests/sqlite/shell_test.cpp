// SPDX-License-Identifier: MIT
// What another program sees of a queue file, with SQLite and nothing of ours.
#include "support.hpp"

#include <cohort/inspector.hpp>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <map>

namespace shell_test {

using namespace cohort;
using namespace test;

namespace {

// The first column of a query → the second.
std::map<std::string, std::string> query(std::string const& path, std::string const& sql) {
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
    std::map<std::string, std::string> rows;
    auto const keep = [](void* target, int, char** values, char**) {
        auto& all = *static_cast<std::map<std::string, std::string>*>(target);
        all[values[0]] = values[1] == nullptr ? "" : values[1];
        return 0;
    };
    char* text = nullptr;
    int const code = sqlite3_exec(handle, sql.c_str(), keep, &rows, &text);
    INFO(sql << ": " << (text == nullptr ? "" : text));
    sqlite3_free(text);
    sqlite3_close(handle);
    REQUIRE(code == SQLITE_OK);
    return rows;
}

NewJob job_of(std::string id, Duration delay = 0s) {
    NewJob job = make_job(std::move(id));
    job.delay = delay;
    return job;
}

Settlement end(JobRecord const& run, SettleKind kind) {
    Settlement settlement = succeed(run, kind == SettleKind::succeeded ? "42" : "");
    settlement.kind = kind;
    settlement.reason = kind == SettleKind::succeeded ? FailReason::none : FailReason::exception;
    settlement.delay = kind == SettleKind::retry ? 1h : 0s;
    return settlement;
}

}  // namespace

TEST_CASE("every state of a job can be reached, and is read by name in any SQLite program", "[S45]") {
    TempDirectory directory;
    auto const path = directory.file("q.db");
    auto broker = open("sqlite:" + path);
    run(broker->enlist(make_worker("w1")));
    std::vector<NewJob> jobs{job_of("succeeded"), job_of("failed"), job_of("retrying"), job_of("running")};
    for (auto& job : jobs)
        job.policy.max_retries = job.ref.id == "retrying" ? 1 : 0;
    run(broker->push(jobs));
    auto const claimed = run(broker->claim(make_claim("w1", 1, 4))).jobs;
    REQUIRE(claimed.size() == 4);
    for (auto const& [at, kind] : {std::pair{0u, SettleKind::succeeded}, std::pair{1u, SettleKind::failed},
                                   std::pair{2u, SettleKind::retry}})
        REQUIRE(run(broker->settle({end(claimed[at], kind)})) == std::vector{Verdict::accepted});
    run(broker->push({job_of("queued"), job_of("scheduled", 1h), job_of("cancelled", 1h)}));
    REQUIRE(run(broker->cancel({{"default", "cancelled"}})) == std::vector{CancelVerdict::cancelled});
    NewJob late = job_of("expired", 1h);
    late.expires = 1ms;
    run(broker->push({late}));
    UpkeepParams params;
    params.queues = {"default"};
    while (run(broker->upkeep(params)).expired == 0) {
    }

    auto const states = query(path, "SELECT id, state FROM jobs_view WHERE queue = 'default'");
    std::map<std::string, std::string> wanted;
    for (auto const state : all_states)
        wanted[std::string{to_string(state)}] = to_string(state);
    CHECK(states == wanted);
    auto const results = query(path, "SELECT id, result FROM jobs_view WHERE result IS NOT NULL");
    CHECK(results == std::map<std::string, std::string>{{"succeeded", "42"}});
}

TEST_CASE("two files are two stores", "[S32]") {
    TempDirectory directory;
    auto one = open("sqlite:" + directory.file("one.db"));
    auto other = open("sqlite:" + directory.file("other.db"));
    run(one->push({make_job("same")}));
    run(other->enlist(make_worker("w1")));
    CHECK(run(other->claim(make_claim("w1", 1))).jobs.empty());
    CHECK_FALSE(run(other->status({{"default", "same"}}))[0].has_value());
    run(other->push({make_job("same")}));
    CHECK(run(other->claim(make_claim("w1", 2))).jobs.size() == 1);
    CHECK(run(one->status({{"default", "same"}}))[0]->state == JobState::queued);
    CHECK(std::filesystem::exists(directory.file("one.db")));
    CHECK(std::filesystem::exists(directory.file("other.db")));
}

}  // namespace shell_test
