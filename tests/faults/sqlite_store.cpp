// SPDX-License-Identifier: MIT
#include "faults/sqlite_store.hpp"

#include <cohort/open.hpp>

#include <map>
#include <stdexcept>
#include <string_view>

namespace faults {

namespace {

// Each job with its state, from the tables alone.
constexpr std::string_view jobs_now =
    "SELECT j.seq, j.id, j.max_retries, j.max_lost,"
    " coalesce(e.state, l.state, CASE WHEN n.seq IS NOT NULL THEN 2 WHEN r.seq IS NOT NULL THEN 1 ELSE -1 "
    "END) AS state,"
    " (e.seq IS NOT NULL) + (n.seq IS NOT NULL) + (l.seq IS NOT NULL) + (r.seq IS NOT NULL) AS places,"
    " coalesce(n.attempt, e.attempt, p.attempt, 0) AS attempt, coalesce(p.failures, 0) AS failures,"
    " coalesce(p.lost, 0) AS lost, coalesce(p.released, 0) AS released, coalesce(p.reason, 0) AS reason,"
    " coalesce(n.incarnation || ':' || n.claim_no, e.incarnation || ':' || e.claim_no,"
    " p.incarnation || ':' || p.claim_no) AS token, e.result, p.error, e.finished"
    " FROM jobs j LEFT JOIN jobs_past p ON p.seq = j.seq LEFT JOIN jobs_running n ON n.seq = j.seq"
    " LEFT JOIN jobs_ended e ON e.seq = j.seq"
    " LEFT JOIN jobs_later l ON l.queue = j.queue AND l.due = coalesce(p.due, j.due) AND l.seq = j.seq"
    " LEFT JOIN jobs_ready r ON r.queue = j.queue AND r.rank = -j.priority AND r.due = coalesce(p.due, j.due)"
    " AND r.seq = j.seq";

std::string text(sqlite3_stmt* row, int column) {
    auto const* const bytes = reinterpret_cast<char const*>(sqlite3_column_text(row, column));
    return bytes == nullptr ? std::string{} : std::string{bytes};
}

AddBackend const added_sqlite{"sqlite", [](StoreParams const& params) -> std::unique_ptr<Store> {
                                  return std::make_unique<SqliteStore>(params);
                              }};

}  // namespace

Onlooker::Onlooker(std::string const& path, std::chrono::milliseconds patience) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
        std::string const why = sqlite3_errmsg(handle_);
        sqlite3_close(handle_);
        throw std::runtime_error{path + ": " + why};
    }
    sqlite3_busy_timeout(handle_, static_cast<int>(patience.count()));
    // Whoever closes last must not checkpoint: one program does that, and it is not this one.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    execute("PRAGMA wal_autocheckpoint = 0");
}

Onlooker::~Onlooker() {
    sqlite3_close(handle_);
}

void Onlooker::execute(std::string const& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        throw std::runtime_error{sql + ": " + sqlite3_errmsg(handle_)};
}

void Onlooker::each(std::string const& sql, std::function<void(sqlite3_stmt*)> const& row) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
        throw std::runtime_error{sql + ": " + sqlite3_errmsg(handle_)};
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        row(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) throw std::runtime_error{sql + ": " + sqlite3_errmsg(handle_)};
}

std::vector<std::string> Onlooker::column(std::string const& sql) {
    std::vector<std::string> values;
    each(sql, [&](sqlite3_stmt* row) { values.push_back(text(row, 0)); });
    return values;
}

SqliteStore::SqliteStore(StoreParams const& params)
    : path_{params.folder + "/jobs.db"}, folder_{params.folder}, ledger_{params.ledger} {}

std::shared_ptr<cohort::Broker> SqliteStore::open() {
    auto broker = cohort::open_broker(url());
    install_history();
    return broker;
}

// Each state has a table of its own; a job enters the one and leaves the other in one transaction.
void SqliteStore::install_history() {
    auto const note = [](std::string const& table, std::string const& state) {
        return "CREATE TRIGGER IF NOT EXISTS fault_" + table + " AFTER INSERT ON " + table +
               " BEGIN INSERT INTO fault_history (id, state, generation) SELECT id, " + state +
               ", coalesce((SELECT generation FROM jobs_past WHERE seq = NEW.seq), 0) FROM jobs"
               " WHERE seq = NEW.seq; END;";
    };
    Onlooker file{path_};
    file.execute("BEGIN IMMEDIATE;"
                 "CREATE TABLE IF NOT EXISTS fault_history"
                 " (n INTEGER PRIMARY KEY, id TEXT, state INTEGER, generation INTEGER);" +
                 note("jobs_ready", "1") + note("jobs_later", "NEW.state") + note("jobs_running", "2") +
                 note("jobs_ended", "NEW.state") +
                 "CREATE TRIGGER IF NOT EXISTS fault_removed AFTER DELETE ON jobs BEGIN"
                 " INSERT INTO fault_history (id, state, generation) VALUES (OLD.id, 9, NULL); END;"
                 "COMMIT");
}

std::unique_ptr<Hand> SqliteStore::start_worker(WorkerSetup const& setup) {
    return start_process(setup, url(), ledger_, folder_ + "/" + setup.name + ".log");
}

std::vector<StoredJob> SqliteStore::read() {
    std::vector<StoredJob> jobs;
    Onlooker file{path_};
    file.each(
        "SELECT id, state, attempt, failures, lost, released, reason, max_retries, max_lost, token, result,"
        " error FROM (" +
            std::string{jobs_now} + ") ORDER BY seq",
        [&](sqlite3_stmt* row) {
            auto const number = [row](int column) {
                return static_cast<std::uint32_t>(sqlite3_column_int(row, column));
            };
            StoredJob job;
            job.id = text(row, 0);
            job.state = static_cast<cohort::JobState>(number(1));
            job.counters = {number(2), number(3), number(4), number(5)};
            job.reason = static_cast<cohort::FailReason>(number(6));
            job.max_retries = number(7);
            job.max_lost = number(8);
            job.token = text(row, 9);
            job.result = text(row, 10);
            job.error = text(row, 11);
            jobs.push_back(std::move(job));
        });
    return jobs;
}

std::size_t SqliteStore::unfinished() {
    return std::stoul(Onlooker{path_}
                          .column("SELECT (SELECT count(*) FROM jobs) - (SELECT count(*) FROM jobs_ended)")
                          .at(0));
}

std::vector<Change> SqliteStore::changes() {
    struct Last {
        int state = 0;
        std::uint32_t generation = 0;
    };
    std::map<std::string, Last> last;
    std::vector<Change> all;
    Onlooker file{path_};
    file.each("SELECT id, state, generation FROM fault_history ORDER BY n", [&](sqlite3_stmt* row) {
        std::string id = text(row, 0);
        auto const state = sqlite3_column_int(row, 1);
        auto const [known, is_new] = last.try_emplace(id);
        Last const before = known->second;
        // The table that it goes from says no more of it when it is removed.
        bool const is_removed = state == 9;
        auto const generation =
            is_removed ? before.generation : static_cast<std::uint32_t>(sqlite3_column_int(row, 2));
        known->second = {state, generation};
        if (is_removed) last.erase(known);  // an id may be used again
        if (!is_new) all.push_back({std::move(id), before.state, state, generation});
    });
    return all;
}

std::size_t SqliteStore::enlisted() {
    return std::stoul(Onlooker{path_}.column("SELECT count(*) FROM workers").at(0));
}

std::string SqliteStore::dump() {
    std::string all;
    Onlooker file{path_};
    for (char const* table : {"jobs", "jobs_ready", "jobs_later", "jobs_running", "jobs_ended", "jobs_past",
                              "jobs_expiring", "jobs_keys"}) {
        file.each("SELECT * FROM " + std::string{table} + " ORDER BY seq", [&](sqlite3_stmt* row) {
            all += table;
            for (int i = 0; i < sqlite3_column_count(row); ++i)
                all += '|' + text(row, i);
            all += '\n';
        });
    }
    return all;
}

bool SqliteStore::is_held() {
    Onlooker onlooker{path_, 500ms};
    try {
        onlooker.execute("BEGIN IMMEDIATE");
        onlooker.execute("ROLLBACK");
        return false;
    } catch (std::runtime_error const&) {
        return true;
    }
}

std::vector<std::string> SqliteStore::damage() {
    Onlooker file{path_};
    auto found = file.column("PRAGMA integrity_check");
    std::erase(found, "ok");
    // A lease iff running, one row per id, nothing that belongs to nobody.
    std::string const now{jobs_now};
    auto const blame = [&](std::string const& condition, std::string const& fault) {
        for (auto const& id : file.column("SELECT id FROM (" + now + ") WHERE " + condition))
            found.push_back(id + fault);
    };
    blame("places <> 1", " is in no place, or in several");
    blame("state = 2 AND token IS NULL", " runs for nobody");
    blame("state >= 4 AND finished IS NULL", " has ended at no time");
    for (char const* table :
         {"jobs_ready", "jobs_later", "jobs_running", "jobs_ended", "jobs_past", "jobs_keys"}) {
        auto const count = file.column("SELECT count(*) FROM " + std::string{table} +
                                       " WHERE seq NOT IN (SELECT seq FROM jobs)");
        if (count.at(0) != "0") found.push_back(std::string{table} + " speaks of jobs that do not exist");
    }
    return found;
}

}  // namespace faults
