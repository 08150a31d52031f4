// SPDX-License-Identifier: MIT
// What a job writes with its outcome: both or neither, and nobody else is concerned. Killed workers are in
// tests/e2e.
#include "sqlite_database.hpp"
#include "support.hpp"

#include <cohort/inspector.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <functional>

namespace on_commit_test {

using namespace cohort;
using namespace test;
using namespace std::chrono_literals;

namespace {

using Write = std::function<void(sqlite3*)>;

void execute(sqlite3* database, std::string const& sql) {
    char* text = nullptr;
    int const code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &text);
    std::string const what = text == nullptr ? "" : text;
    sqlite3_free(text);
    if (code != SQLITE_OK) throw std::runtime_error{what};
}

// As a worker makes one: it fails for good, with the exception's text.
class Hook : public CommitHook {
public:
    Hook(Settlement settlement, Write write) : settlement_{std::move(settlement)}, write_{std::move(write)} {}
    void run(void* handle) override {
        ++calls;
        write_(static_cast<sqlite3*>(handle));
    }
    Settlement failed(std::exception_ptr error) override {
        Settlement settlement = settlement_;
        settlement.kind = SettleKind::failed;
        settlement.reason = FailReason::exception;
        try {
            std::rethrow_exception(error);
        } catch (std::exception const& e) {
            settlement.error = e.what();
        }
        return settlement;
    }
    int calls = 0;

private:
    Settlement const settlement_;
    Write const write_;
};

// A queue with a table of the user's beside it, and jobs "0", "1", … that run.
struct Rig {
    explicit Rig(int count) {
        execute(user.get(), "CREATE TABLE effects (n INTEGER PRIMARY KEY, text TEXT)");
        std::vector<NewJob> jobs;
        for (int i = 0; i < count; ++i)
            jobs.push_back(make_job(std::to_string(i)));
        run(broker->push(jobs));
        run(broker->enlist(make_worker("w1")));
        claimed = run(broker->claim(make_claim("w1", 1, 100))).jobs;
        REQUIRE(claimed.size() == static_cast<std::size_t>(count));
    }
    Settlement success(int i, Write write = nullptr) {
        Settlement settlement = succeed(claimed.at(static_cast<std::size_t>(i)));
        if (write) settlement.hook = std::make_shared<Hook>(settlement, std::move(write));
        return settlement;
    }
    Ending ending(int i) {
        std::vector<JobRef> refs{{"default", std::to_string(i)}};
        return run(broker->results(refs)).at(0);
    }

    TempDirectory directory;
    std::string path = directory.file("q.db");
    std::shared_ptr<Broker> broker = open("sqlite:" + path);
    SqliteDatabase user{path};
    std::vector<JobRecord> claimed;
};

Write insert(int n) {
    return [n](sqlite3* db) { execute(db, "INSERT INTO effects VALUES (" + std::to_string(n) + ", 'x')"); };
}

}  // namespace

TEST_CASE("what a job writes with its outcome is there when the outcome is") {
    Rig rig{2};
    auto const verdicts = run(rig.broker->settle({rig.success(0, insert(7)), rig.success(1)}));
    CHECK(verdicts == std::vector{Verdict::accepted, Verdict::accepted});
    CHECK(rig.ending(0).state == JobState::succeeded);
    CHECK(rig.ending(0).result == "42");
    CHECK(rig.user.number("SELECT count(*) FROM effects WHERE n = 7") == 1);
}

TEST_CASE("a function that throws fails its own job, and nothing that it wrote is left") {
    Rig rig{3};
    auto const fail = [](sqlite3* db) {
        execute(db, "INSERT INTO effects VALUES (1, 'half')");
        throw std::runtime_error{"no such account"};
    };
    auto const verdicts =
        run(rig.broker->settle({rig.success(0, insert(0)), rig.success(1, fail), rig.success(2, insert(2))}));
    CHECK(verdicts == std::vector(3, Verdict::accepted));
    CHECK(rig.ending(0).state == JobState::succeeded);
    CHECK(rig.ending(1).state == JobState::failed);
    CHECK(rig.ending(1).error == "no such account");
    CHECK(rig.ending(2).state == JobState::succeeded);
    CHECK(rig.user.number("SELECT sum(n) + count(*) FROM effects") == 4);
}

TEST_CASE("a function that rolls back the transaction fails alone, and is not called again") {
    Rig rig{3};
    execute(rig.user.get(), "INSERT INTO effects VALUES (5, 'there')");
    auto const roll_back = [](sqlite3* db) {
        execute(db, "INSERT OR ROLLBACK INTO effects VALUES (5, 'x')");
    };
    Settlement bad = rig.success(1, roll_back);
    auto const hook = std::static_pointer_cast<Hook>(bad.hook);
    auto const verdicts =
        run(rig.broker->settle({rig.success(0, insert(0)), bad, rig.success(2, insert(2))}));
    CHECK(verdicts == std::vector(3, Verdict::accepted));
    CHECK(hook->calls == 1);
    CHECK(rig.ending(0).state == JobState::succeeded);
    CHECK(rig.ending(1).state == JobState::failed);
    CHECK(rig.ending(2).state == JobState::succeeded);
    CHECK(rig.user.number("SELECT count(*) FROM effects") == 3);
}

TEST_CASE("what would break the queue is refused") {
    auto const sql =
        GENERATE(as<std::string>{}, "COMMIT", "ROLLBACK", "BEGIN", "ATTACH ':memory:' AS other",
                 "PRAGMA synchronous = OFF", "DELETE FROM jobs", "UPDATE jobs_running SET attempt = 7",
                 "INSERT INTO queues (namespace, name) VALUES ('', 'x')", "DROP TABLE workers",
                 "DROP VIEW jobs_view", "ALTER TABLE jobs ADD COLUMN x", "RELEASE cohort_hook",
                 "CREATE TRIGGER t AFTER INSERT ON jobs BEGIN SELECT 1; END",
                 "CREATE INDEX i ON jobs_ended (state)", "ROLLBACK TO cohort_hook");
    CAPTURE(sql);
    Rig rig{1};
    run(rig.broker->settle({rig.success(0, [&](sqlite3* db) { execute(db, sql); })}));
    CHECK(rig.ending(0).state == JobState::failed);
    CHECK(rig.ending(0).error.find("not authorized") != std::string::npos);
    auto* const inspector = rig.broker->inspector();
    CHECK(run(inspector->audit()).empty());
}

TEST_CASE("tables and savepoints of its own are the job's business, and it may read the queue") {
    Rig rig{1};
    auto const write = [](sqlite3* db) {
        execute(db,
                "CREATE TABLE mine (n); SAVEPOINT s; INSERT INTO mine VALUES (1); ROLLBACK TO s; RELEASE s;"
                "INSERT INTO mine SELECT count(*) FROM jobs");
    };
    run(rig.broker->settle({rig.success(0, write)}));
    CHECK(rig.ending(0).error == "");
    CHECK(rig.ending(0).state == JobState::succeeded);
    CHECK(rig.user.number("SELECT n FROM mine") == 1);
}

TEST_CASE("a function that takes too long is interrupted and fails its job") {
    Rig rig{2};
    auto const endless = [](sqlite3* db) {
        execute(db, "INSERT INTO effects WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                    "SELECT i, '' FROM n");
    };
    auto const begun = std::chrono::steady_clock::now();
    run(rig.broker->settle({rig.success(0, endless), rig.success(1, insert(1))}));
    // The limit is 100 ms; the rest is for a busy machine.
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
    CHECK(rig.ending(0).state == JobState::failed);
    CHECK(rig.ending(0).error.find("at most 100ms") != std::string::npos);
    CHECK(rig.ending(1).state == JobState::succeeded);
    CHECK(rig.user.number("SELECT count(*) FROM effects") == 1);
}

TEST_CASE("a statement that is left half-way does no harm") {
    Rig rig{1};
    sqlite3_stmt* left = nullptr;
    auto const leave = [&left](sqlite3* db) {
        sqlite3_prepare_v2(db, "SELECT id FROM jobs", -1, &left, nullptr);
        sqlite3_step(left);
    };
    run(rig.broker->settle({rig.success(0, leave)}));
    CHECK(rig.ending(0).state == JobState::succeeded);
    CHECK(run(rig.broker->push({make_job("next")})).at(0).verdict == PushVerdict::stored);
    sqlite3_finalize(left);
}

TEST_CASE("whoever has lost the lease writes nothing, and a repeated outcome writes nothing more") {
    Rig rig{2};
    Settlement fenced = rig.success(0, insert(0));
    fenced.token.claim = 99;
    CHECK(run(rig.broker->settle({fenced})).at(0) == Verdict::fenced);
    Settlement const good = rig.success(1, insert(1));
    CHECK(run(rig.broker->settle({good})).at(0) == Verdict::accepted);
    CHECK(run(rig.broker->settle({good})).at(0) == Verdict::accepted);
    CHECK(rig.user.number("SELECT count(*) FROM effects") == 1);
}

}  // namespace on_commit_test
