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

-- What was asked for: a row never changes. Where the job is now, one of jobs_ready, jobs_later, jobs_running and jobs_ended says.
-- So what every job needs is few, narrow rows, each written once.
CREATE TABLE jobs (
    seq            INTEGER PRIMARY KEY,        -- in the order of storing
    queue          INTEGER NOT NULL REFERENCES queues (id),
    id             TEXT    NOT NULL,
    record_version INTEGER NOT NULL DEFAULT 1,
    created        INTEGER NOT NULL,
    due            INTEGER NOT NULL,           -- of the first run
    expires        INTEGER,                    -- the first run begins by then or never; NULL = no such limit
    priority       INTEGER NOT NULL DEFAULT 0,
    name           TEXT    NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1, -- of the job function
    unique_key     TEXT,
    client         TEXT,
    sender         TEXT,
    max_retries    INTEGER NOT NULL DEFAULT 0,
    max_lost       INTEGER NOT NULL DEFAULT 3,
    timeout        INTEGER NOT NULL DEFAULT 0,
    backoff        TEXT,                       -- "initial factor max jitter"; NULL = the default
    keep_result    INTEGER NOT NULL DEFAULT 86400000000,
    keep_error     INTEGER NOT NULL DEFAULT 1209600000000,
    arguments      TEXT    NOT NULL
);
CREATE UNIQUE INDEX jobs_id ON jobs (queue, id);

-- State 1: waits for a worker, in the order in which they go.
CREATE TABLE jobs_ready (
    queue INTEGER NOT NULL,
    rank  INTEGER NOT NULL,                    -- its priority, negated
    due   INTEGER NOT NULL,
    seq   INTEGER NOT NULL REFERENCES jobs (seq),
    PRIMARY KEY (queue, rank, due, seq)
) WITHOUT ROWID;

-- States 0 and 3: waits for its time.
CREATE TABLE jobs_later (
    queue INTEGER NOT NULL,
    due   INTEGER NOT NULL,
    seq   INTEGER NOT NULL REFERENCES jobs (seq),
    state INTEGER NOT NULL,
    PRIMARY KEY (queue, due, seq)
) WITHOUT ROWID;

-- State 2: a worker holds it.
CREATE TABLE jobs_running (
    seq              INTEGER PRIMARY KEY REFERENCES jobs (seq),
    queue            INTEGER NOT NULL,
    attempt          INTEGER NOT NULL,
    incarnation      TEXT    NOT NULL,         -- with claim_no, the token
    claim_no         INTEGER NOT NULL,
    started          INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0
);

-- States 4 to 7: over.
CREATE TABLE jobs_ended (
    seq         INTEGER PRIMARY KEY REFERENCES jobs (seq),
    queue       INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    attempt     INTEGER NOT NULL DEFAULT 0,
    incarnation TEXT,                          -- with claim_no, the token of the last run
    claim_no    INTEGER,
    started     INTEGER,
    finished    INTEGER NOT NULL,
    forget      INTEGER NOT NULL,              -- when it may be removed
    result      TEXT
);
CREATE INDEX jobs_forget ON jobs_ended (queue, state, forget);

-- What earlier runs, notes and operators have left with a job; most have no such row.
CREATE TABLE jobs_past (
    seq         INTEGER PRIMARY KEY REFERENCES jobs (seq),
    due         INTEGER NOT NULL,              -- of the next run, or of the present one
    attempt     INTEGER NOT NULL DEFAULT 0,    -- while it runs or is over, the other table counts
    failures    INTEGER NOT NULL DEFAULT 0,
    lost        INTEGER NOT NULL DEFAULT 0,
    released    INTEGER NOT NULL DEFAULT 0,
    generation  INTEGER NOT NULL DEFAULT 0,
    reason      INTEGER NOT NULL DEFAULT 0,
    incarnation TEXT,                          -- with claim_no, the token of the last run, while it waits again
    claim_no    INTEGER,
    started     INTEGER,
    error       TEXT,
    note        TEXT
);

-- Waits, and must not wait longer than that.
CREATE TABLE jobs_expiring (
    queue   INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    seq     INTEGER NOT NULL REFERENCES jobs (seq),
    PRIMARY KEY (queue, expires, seq)
) WITHOUT ROWID;

-- Unique keys of jobs that are not over.
CREATE TABLE jobs_keys (
    queue      INTEGER NOT NULL,
    unique_key TEXT    NOT NULL,
    seq        INTEGER NOT NULL REFERENCES jobs (seq),
    PRIMARY KEY (queue, unique_key)
) WITHOUT ROWID;

-- Whoever removes a job, by hand too, removes it whole.
CREATE TRIGGER jobs_removed AFTER DELETE ON jobs BEGIN
    DELETE FROM jobs_ready WHERE queue = OLD.queue AND rank = -OLD.priority
        AND due = coalesce((SELECT due FROM jobs_past WHERE seq = OLD.seq), OLD.due) AND seq = OLD.seq;
    DELETE FROM jobs_later WHERE queue = OLD.queue
        AND due = coalesce((SELECT due FROM jobs_past WHERE seq = OLD.seq), OLD.due) AND seq = OLD.seq;
    DELETE FROM jobs_running WHERE seq = OLD.seq;
    DELETE FROM jobs_ended WHERE seq = OLD.seq;
    DELETE FROM jobs_past WHERE seq = OLD.seq;
    DELETE FROM jobs_expiring WHERE queue = OLD.queue AND expires = OLD.expires AND seq = OLD.seq;
    DELETE FROM jobs_keys WHERE queue = OLD.queue AND unique_key = OLD.unique_key AND seq = OLD.seq;
END;

CREATE VIEW jobs_view AS
SELECT q.namespace, q.name AS queue, j.id,
       CASE WHEN n.seq IS NOT NULL THEN 'running' WHEN r.seq IS NOT NULL THEN 'queued'
            WHEN l.state = 0 THEN 'scheduled' WHEN l.state = 3 THEN 'retrying'
            WHEN e.state = 4 THEN 'succeeded' WHEN e.state = 5 THEN 'failed'
            WHEN e.state = 6 THEN 'cancelled' WHEN e.state = 7 THEN 'expired' END AS state,
       j.name, j.arguments, e.result,
       CASE p.reason WHEN 1 THEN 'exception' WHEN 2 THEN 'timeout' WHEN 3 THEN 'worker_lost'
                     WHEN 4 THEN 'unknown_job' WHEN 5 THEN 'bad_payload' WHEN 6 THEN 'bad_result'
                     WHEN 7 THEN 'corrupt_state' END AS reason,
       p.error, p.note, j.priority, coalesce(n.attempt, e.attempt, p.attempt, 0) AS attempt,
       coalesce(p.failures, 0) AS failures, coalesce(p.lost, 0) AS lost, coalesce(p.released, 0) AS released,
       strftime('%Y-%m-%d %H:%M:%f', j.created / 1e6, 'unixepoch') AS created,
       strftime('%Y-%m-%d %H:%M:%f', coalesce(p.due, j.due) / 1e6, 'unixepoch') AS due,
       strftime('%Y-%m-%d %H:%M:%f', coalesce(n.started, e.started, p.started) / 1e6, 'unixepoch') AS started,
       strftime('%Y-%m-%d %H:%M:%f', e.finished / 1e6, 'unixepoch') AS finished,
       w.name AS worker, j.seq
FROM jobs j JOIN queues q ON q.id = j.queue
     LEFT JOIN jobs_past p ON p.seq = j.seq
     LEFT JOIN jobs_running n ON n.seq = j.seq
     LEFT JOIN jobs_ended e ON e.seq = j.seq
     LEFT JOIN jobs_later l ON l.queue = j.queue AND l.due = coalesce(p.due, j.due) AND l.seq = j.seq
     LEFT JOIN jobs_ready r ON r.queue = j.queue AND r.rank = -j.priority AND r.due = coalesce(p.due, j.due)
               AND r.seq = j.seq
     LEFT JOIN workers w ON w.namespace = q.namespace AND w.incarnation = n.incarnation;
)sql";

// What an earlier version has ended counts as a job without bytes: it goes when its time has come.
constexpr std::string_view second = R"sql(
ALTER TABLE jobs_ended ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;  -- of arguments, result and error

-- How many of them a queue keeps, in two rows: those that succeeded, and the others. Who stores one counts it; whoever
-- removes one need not think of it.
CREATE TABLE jobs_kept (
    queue     INTEGER NOT NULL REFERENCES queues (id),
    succeeded INTEGER NOT NULL,                -- 1 or 0
    jobs      INTEGER NOT NULL DEFAULT 0,
    bytes     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (queue, succeeded)
) WITHOUT ROWID;
INSERT INTO jobs_kept (queue, succeeded) SELECT id, 0 FROM queues UNION ALL SELECT id, 1 FROM queues;
UPDATE jobs_kept SET jobs =
    (SELECT count(*) FROM jobs_ended e WHERE e.queue = jobs_kept.queue AND (e.state = 4) = jobs_kept.succeeded);

CREATE TRIGGER queues_added AFTER INSERT ON queues BEGIN
    INSERT INTO jobs_kept (queue, succeeded) VALUES (NEW.id, 0), (NEW.id, 1);
END;

CREATE TRIGGER jobs_ended_removed AFTER DELETE ON jobs_ended BEGIN
    UPDATE jobs_kept SET jobs = jobs - 1, bytes = bytes - OLD.bytes
        WHERE queue = OLD.queue AND succeeded = (OLD.state = 4);
END;
)sql";

// Migration n brings a file from version n to n + 1. Never change one that was released: add another.
constexpr std::array migrations = {first, second};

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
