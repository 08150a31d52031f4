// SPDX-License-Identifier: MIT
#include "sqlite/schema.hpp"

#include <cohort/error.hpp>

#include <array>
#include <string>
#include <string_view>

namespace cohort::sqlite {
namespace {

// Times are microseconds since 1970 in UTC, spans are microseconds. State and reason are the numbers of
// <cohort/record.hpp>; jobs_view spells them out.
constexpr std::string_view first = R"sql(
CREATE TABLE queues (
    id         INTEGER PRIMARY KEY,
    namespace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    paused     INTEGER NOT NULL DEFAULT 0,
    max_length INTEGER NOT NULL DEFAULT 0,  -- waiting jobs; 0 = no bound
    UNIQUE (namespace, name)
);

-- The lives of workers. No row means retired: an incarnation is never entered twice.
CREATE TABLE workers (
    id          INTEGER PRIMARY KEY,
    namespace   TEXT    NOT NULL,
    incarnation TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    host        TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    queues      TEXT    NOT NULL,              -- their names, separated by spaces; for people
    slots       INTEGER NOT NULL,
    lease       INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    last_beat   INTEGER NOT NULL,              -- for people
    beat        INTEGER NOT NULL,              -- the same moment on a clock that never jumps (CLOCK_BOOTTIME) ...
    boot        TEXT    NOT NULL,              -- ... which counts from this boot of the machine
    UNIQUE (namespace, incarnation)
);

-- From which queues each of them may claim.
CREATE TABLE served (
    worker     INTEGER NOT NULL REFERENCES workers (id),
    queue      INTEGER NOT NULL REFERENCES queues (id),
    last_claim INTEGER NOT NULL DEFAULT 0,     -- the number of the last claim that took jobs from it
    PRIMARY KEY (worker, queue)
) WITHOUT ROWID;

CREATE TRIGGER workers_retired AFTER DELETE ON workers BEGIN
    DELETE FROM served WHERE worker = OLD.id;
END;

CREATE TABLE jobs (
    seq              INTEGER PRIMARY KEY,      -- in the order of storing
    queue            INTEGER NOT NULL REFERENCES queues (id),
    id               TEXT    NOT NULL,
    state            INTEGER NOT NULL,
    alarm            INTEGER,                  -- when upkeep is to look: due, expiry or end of retention; NULL = never
    priority         INTEGER NOT NULL DEFAULT 0,
    due              INTEGER NOT NULL,
    attempt          INTEGER NOT NULL DEFAULT 0,
    incarnation      TEXT,                     -- with claim_no, the token of the last run
    claim_no         INTEGER,
    started          INTEGER,
    finished         INTEGER,
    expires          INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    failures         INTEGER NOT NULL DEFAULT 0,
    lost             INTEGER NOT NULL DEFAULT 0,
    released         INTEGER NOT NULL DEFAULT 0,
    generation       INTEGER NOT NULL DEFAULT 0,
    reason           INTEGER NOT NULL DEFAULT 0,
    record_version   INTEGER NOT NULL DEFAULT 1,
    created          INTEGER NOT NULL,
    name             TEXT    NOT NULL,
    version          INTEGER NOT NULL DEFAULT 1,  -- of the job function
    unique_key       TEXT,
    client           TEXT,
    sender           TEXT,
    max_retries      INTEGER NOT NULL DEFAULT 0,
    max_lost         INTEGER NOT NULL DEFAULT 3,
    timeout          INTEGER NOT NULL DEFAULT 0,
    backoff          TEXT,                     -- "initial factor max jitter"; NULL = the default
    keep_result      INTEGER NOT NULL DEFAULT 86400000000,
    keep_error       INTEGER NOT NULL DEFAULT 1209600000000,
    arguments        TEXT    NOT NULL,
    note             TEXT,
    error            TEXT,
    result           TEXT
);

-- Partial indexes: a job is in those of its state and in no other, so a change of state moves it in the same step.
CREATE UNIQUE INDEX jobs_id      ON jobs (queue, id);
CREATE INDEX        jobs_ready   ON jobs (queue, priority DESC, due, seq) WHERE state = 1;
CREATE INDEX        jobs_running ON jobs (incarnation, claim_no) WHERE state = 2;
CREATE INDEX        jobs_alarm   ON jobs (queue, state, alarm) WHERE alarm IS NOT NULL;
CREATE UNIQUE INDEX jobs_unique  ON jobs (queue, unique_key) WHERE unique_key IS NOT NULL AND state < 4;

CREATE VIEW jobs_view AS
SELECT q.namespace, q.name AS queue, j.id,
       CASE j.state WHEN 0 THEN 'scheduled' WHEN 1 THEN 'queued' WHEN 2 THEN 'running' WHEN 3 THEN 'retrying'
                    WHEN 4 THEN 'succeeded' WHEN 5 THEN 'failed' WHEN 6 THEN 'cancelled' WHEN 7 THEN 'expired' END AS state,
       j.name, j.arguments, j.result,
       CASE j.reason WHEN 1 THEN 'exception' WHEN 2 THEN 'timeout' WHEN 3 THEN 'worker_lost' WHEN 4 THEN 'unknown_job'
                     WHEN 5 THEN 'bad_payload' WHEN 6 THEN 'bad_result' WHEN 7 THEN 'corrupt_state' END AS reason,
       j.error, j.note, j.priority, j.attempt, j.failures, j.lost, j.released,
       strftime('%Y-%m-%d %H:%M:%f', j.created / 1e6, 'unixepoch') AS created,
       strftime('%Y-%m-%d %H:%M:%f', j.due / 1e6, 'unixepoch') AS due,
       strftime('%Y-%m-%d %H:%M:%f', j.started / 1e6, 'unixepoch') AS started,
       strftime('%Y-%m-%d %H:%M:%f', j.finished / 1e6, 'unixepoch') AS finished,
       w.name AS worker, j.seq
FROM jobs j JOIN queues q ON q.id = j.queue
     LEFT JOIN workers w ON j.state = 2 AND w.namespace = q.namespace AND w.incarnation = j.incarnation;
)sql";

// Migration n brings a file from version n to n + 1. Never change one that was released: add another.
constexpr std::array migrations = {first};

std::string quoted(Database const& database) {
    return "\"" + database.path() + "\"";
}

}  // namespace

std::int64_t schema_version() noexcept {
    return static_cast<std::int64_t>(migrations.size());
}

void check_schema(Database& database) {
    auto const id = database.pragma("application_id");
    auto const version = database.pragma("user_version");
    if (id == 0 && version == 0) {
        Statement tables{database.handle(), "SELECT count(*) FROM sqlite_schema"};
        if (tables.step() && tables.integer(0) == 0) return;  // new
    }
    if (id != application_id) {
        throw Error{errc::not_a_queue, quoted(database) +
                                           " is an SQLite database of another program (application_id " +
                                           std::to_string(id) + "); choose another path"};
    }
    if (version > schema_version()) {
        throw Error{errc::schema_newer, quoted(database) + " has schema " + std::to_string(version) +
                                            ", and this program knows them up to " +
                                            std::to_string(schema_version()) + "; use a newer Cohort"};
    }
}

void migrate(Database& database) {
    if (database.pragma("user_version") == schema_version()) return;
    database.begin();
    try {
        // Again, now that nobody else can change it.
        auto const version = database.pragma("user_version");
        for (auto next = version; next < schema_version(); ++next) {
            database.execute(std::string{migrations[static_cast<std::size_t>(next)]});
        }
        database.execute("PRAGMA application_id = " + std::to_string(application_id) +
                         "; PRAGMA user_version = " + std::to_string(schema_version()));
        database.commit();
    } catch (...) {
        database.rollback();
        throw;
    }
}

}  // namespace cohort::sqlite
