// SPDX-License-Identifier: MIT
// Files that earlier versions have left. The text below is such a file: it stays as it is, whatever the
// schema becomes.
#include "sqlite_database.hpp"
#include "support.hpp"

#include <cohort/error.hpp>
#include <cohort/inspector.hpp>

#include <catch2/catch.hpp>

namespace old_file_test {

using namespace cohort;
using namespace test;

namespace {

// Schema 1, records of version 1: a job in each place.
constexpr char const* version_1 = R"sql(
PRAGMA journal_mode = WAL;
CREATE TABLE queues (id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL,
    paused INTEGER NOT NULL DEFAULT 0, max_length INTEGER NOT NULL DEFAULT 0, UNIQUE (namespace, name));
CREATE TABLE workers (id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, incarnation TEXT NOT NULL, name TEXT NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL, queues TEXT NOT NULL, slots INTEGER NOT NULL, lease INTEGER NOT NULL,
    since INTEGER NOT NULL, last_beat INTEGER NOT NULL, beat INTEGER NOT NULL, boot TEXT NOT NULL,
    UNIQUE (namespace, incarnation));
CREATE TABLE served (worker INTEGER NOT NULL REFERENCES workers (id), queue INTEGER NOT NULL REFERENCES queues (id),
    last_claim INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (worker, queue)) WITHOUT ROWID;
CREATE TRIGGER workers_retired AFTER DELETE ON workers BEGIN DELETE FROM served WHERE worker = OLD.id; END;
CREATE TABLE jobs (seq INTEGER PRIMARY KEY, queue INTEGER NOT NULL REFERENCES queues (id), id TEXT NOT NULL,
    record_version INTEGER NOT NULL DEFAULT 1, created INTEGER NOT NULL, due INTEGER NOT NULL, expires INTEGER,
    priority INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL, version INTEGER NOT NULL DEFAULT 1, unique_key TEXT,
    client TEXT, sender TEXT, max_retries INTEGER NOT NULL DEFAULT 0, max_lost INTEGER NOT NULL DEFAULT 3,
    timeout INTEGER NOT NULL DEFAULT 0, backoff TEXT, keep_result INTEGER NOT NULL DEFAULT 86400000000,
    keep_error INTEGER NOT NULL DEFAULT 1209600000000, arguments TEXT NOT NULL);
CREATE UNIQUE INDEX jobs_id ON jobs (queue, id);
CREATE TABLE jobs_ready (queue INTEGER NOT NULL, rank INTEGER NOT NULL, due INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES jobs (seq), PRIMARY KEY (queue, rank, due, seq)) WITHOUT ROWID;
CREATE TABLE jobs_later (queue INTEGER NOT NULL, due INTEGER NOT NULL, seq INTEGER NOT NULL REFERENCES jobs (seq),
    state INTEGER NOT NULL, PRIMARY KEY (queue, due, seq)) WITHOUT ROWID;
CREATE TABLE jobs_running (seq INTEGER PRIMARY KEY REFERENCES jobs (seq), queue INTEGER NOT NULL, attempt INTEGER NOT NULL,
    incarnation TEXT NOT NULL, claim_no INTEGER NOT NULL, started INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0);
CREATE TABLE jobs_ended (seq INTEGER PRIMARY KEY REFERENCES jobs (seq), queue INTEGER NOT NULL, state INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, incarnation TEXT, claim_no INTEGER, started INTEGER, finished INTEGER NOT NULL,
    forget INTEGER NOT NULL, result TEXT);
CREATE INDEX jobs_forget ON jobs_ended (queue, state, forget);
CREATE TABLE jobs_past (seq INTEGER PRIMARY KEY REFERENCES jobs (seq), due INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL DEFAULT 0, reason INTEGER NOT NULL DEFAULT 0,
    incarnation TEXT, claim_no INTEGER, started INTEGER, error TEXT, note TEXT);
CREATE TABLE jobs_expiring (queue INTEGER NOT NULL, expires INTEGER NOT NULL, seq INTEGER NOT NULL REFERENCES jobs (seq),
    PRIMARY KEY (queue, expires, seq)) WITHOUT ROWID;
CREATE TABLE jobs_keys (queue INTEGER NOT NULL, unique_key TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES jobs (seq),
    PRIMARY KEY (queue, unique_key)) WITHOUT ROWID;
INSERT INTO queues VALUES (1, '', 'default', 0, 0);
INSERT INTO jobs (seq, queue, id, created, due, priority, name, client, arguments)
    VALUES (1, 1, 'ready', 1700000000000000, 1700000000000000, 5, 'shop.price', 'c1', '["a",1]');
INSERT INTO jobs_ready VALUES (1, -5, 1700000000000000, 1);
INSERT INTO jobs (seq, queue, id, created, due, name, unique_key, arguments)
    VALUES (2, 1, 'later', 1700000000000000, 9000000000000000, 'shop.price', 'key', '[]');
INSERT INTO jobs_later VALUES (1, 9000000000000000, 2, 0);
INSERT INTO jobs_keys VALUES (1, 'key', 2);
INSERT INTO jobs (seq, queue, id, created, due, name, max_retries, backoff, arguments)
    VALUES (3, 1, 'retrying', 1700000000000000, 1700000000000000, 'shop.price', 4, '1000000 2 3600000000 1', '[]');
INSERT INTO jobs_later VALUES (1, 9000000000000001, 3, 3);
INSERT INTO jobs_past (seq, due, attempt, failures, reason, incarnation, claim_no, started, error)
    VALUES (3, 9000000000000001, 1, 1, 1, 'w0', 7, 1700000000000500, 'no paper');
INSERT INTO jobs (seq, queue, id, created, due, name, arguments)
    VALUES (4, 1, 'running', 1700000000000000, 1700000000000000, 'shop.price', '[]');
INSERT INTO jobs_running (seq, queue, attempt, incarnation, claim_no, started)
    VALUES (4, 1, 1, 'w0', 8, 1700000000000500);
INSERT INTO jobs (seq, queue, id, created, due, name, keep_result, arguments)
    VALUES (5, 1, 'succeeded', 1700000000000000, 1700000000000000, 'shop.price', 8000000000000000, '[]');
INSERT INTO jobs_ended VALUES (5, 1, 4, 1, 'w0', 6, 1700000000000500, 1700000000000900, 9700000000000900, '12.5');
PRAGMA application_id = 0x434f484f;
PRAGMA user_version = 1;
)sql";

}  // namespace

TEST_CASE("a file of schema 1 is read, and its jobs go on") {
    TempDirectory directory;
    auto const path = directory.file("q.db");
    SqliteDatabase{path}.execute(version_1);
    auto const broker = open("sqlite:" + path);
    CHECK(run(broker->inspector()->audit()).empty());

    std::vector<JobRef> refs;
    for (auto const* id : {"ready", "later", "retrying", "running", "succeeded"})
        refs.push_back({"default", id});
    auto const records = run(broker->status(refs));
    std::vector<JobState> states;
    for (auto const& record : records)
        states.push_back(record.value().state);
    CHECK(states == std::vector{JobState::queued, JobState::scheduled, JobState::retrying, JobState::running,
                                JobState::succeeded});
    CHECK(records[0]->priority == 5);
    CHECK(records[0]->arguments == R"(["a",1])");
    CHECK(records[1]->unique == "key");
    CHECK(records[2]->error == "no paper");
    CHECK(records[2]->policy.max_retries == 4);
    CHECK(records[2]->counters == Counters{.attempt = 1, .failures = 1});
    CHECK(records[3]->token == Token{"w0", 8});
    CHECK(records[4]->result == "12.5");

    // Its worker is long gone: the running job waits again, in front.
    run(broker->upkeep({{"default"}, 100}));
    run(broker->enlist(make_worker("w1")));
    auto const claimed = run(broker->claim(make_claim("w1", 1))).jobs;
    REQUIRE(claimed.size() == 2);
    CHECK(claimed[0].ref.id == "ready");
    CHECK(claimed[1].ref.id == "running");
    CHECK(claimed[1].counters == Counters{.attempt = 2, .lost = 1});
    NewJob same = make_job("another");
    same.unique = "key";
    CHECK(run(broker->push({same})).at(0).verdict == PushVerdict::duplicate);
}

TEST_CASE("a record of a later version is refused and left as it is", "[B19]") {
    TempDirectory directory;
    auto const path = directory.file("q.db");
    SqliteDatabase database{path};
    database.execute(version_1);
    database.execute("UPDATE jobs SET record_version = 2 WHERE id = 'later'");
    auto const broker = open("sqlite:" + path);
    std::vector<JobRef> later{{"default", "later"}};
    std::vector<JobRef> ready{{"default", "ready"}};
    // It is shown, but nothing is done to it.
    CHECK(run(broker->status(later)).at(0).has_value());
    CHECK(run(broker->cancel(later)) == std::vector{CancelVerdict::unknown});
    auto const pushed = run(broker->push({make_job("later")})).at(0);
    CHECK(pushed.verdict == PushVerdict::refused);
    CHECK(pushed.code == errc::bad_envelope);
    CHECK_THAT(pushed.detail, Catch::Contains("records up to version 1"));
    CHECK(run(broker->status(ready)).at(0).has_value());
    CHECK(database.number("SELECT record_version FROM jobs WHERE id = 'later'") == 2);
}

}  // namespace old_file_test
