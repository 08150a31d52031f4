// SPDX-License-Identifier: MIT
#include "faults/sqlite_store.hpp"

#include <cohort/open.hpp>

#include <stdexcept>

namespace faults {

namespace {

std::string text(sqlite3_stmt* row, int column) {
    auto const* const bytes = reinterpret_cast<char const*>(sqlite3_column_text(row, column));
    return bytes == nullptr ? std::string{} : std::string{bytes};
}

AddBackend const added{"sqlite", [](StoreParams const& params) -> std::unique_ptr<Store> {
                           return std::make_unique<SqliteStore>(params);
                       }};

}  // namespace

Onlooker::Onlooker(std::string const& path) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) {
        std::string const why = sqlite3_errmsg(handle_);
        sqlite3_close(handle_);
        throw std::runtime_error{path + ": " + why};
    }
    sqlite3_busy_timeout(handle_, 10'000);
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

void SqliteStore::install_history() {
    Onlooker file{path_};
    file.execute(
        "BEGIN IMMEDIATE;"
        "CREATE TABLE IF NOT EXISTS fault_history (n INTEGER PRIMARY KEY, id TEXT, old INTEGER, new INTEGER,"
        " generation INTEGER);"
        "CREATE TRIGGER IF NOT EXISTS fault_changed AFTER UPDATE ON jobs WHEN OLD.state <> NEW.state"
        " OR (NEW.state = 2 AND (OLD.incarnation <> NEW.incarnation OR OLD.claim_no <> NEW.claim_no)) BEGIN"
        " INSERT INTO fault_history (id, old, new, generation)"
        " VALUES (NEW.id, OLD.state, NEW.state, NEW.generation); END;"
        "CREATE TRIGGER IF NOT EXISTS fault_removed AFTER DELETE ON jobs BEGIN"
        " INSERT INTO fault_history (id, old, new, generation)"
        " VALUES (OLD.id, OLD.state, 9, OLD.generation); END;"
        "COMMIT");
}

std::unique_ptr<Hand> SqliteStore::start_worker(WorkerSetup const& setup) {
    return start_process(setup, url(), ledger_, folder_ + "/" + setup.name + ".log");
}

std::vector<StoredJob> SqliteStore::read() {
    std::vector<StoredJob> jobs;
    Onlooker file{path_};
    file.each("SELECT id, state, attempt, failures, lost, released, reason, max_retries, max_lost,"
              " coalesce(incarnation || ':' || claim_no, ''), result, error FROM jobs ORDER BY seq",
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
    return std::stoul(Onlooker{path_}.column("SELECT count(*) FROM jobs WHERE state < 4").at(0));
}

std::vector<Change> SqliteStore::changes() {
    std::vector<Change> all;
    Onlooker file{path_};
    file.each("SELECT id, old, new, generation FROM fault_history ORDER BY n", [&](sqlite3_stmt* row) {
        all.push_back({text(row, 0), sqlite3_column_int(row, 1), sqlite3_column_int(row, 2),
                       static_cast<std::uint32_t>(sqlite3_column_int(row, 3))});
    });
    return all;
}

std::size_t SqliteStore::enlisted() {
    return std::stoul(Onlooker{path_}.column("SELECT count(*) FROM workers").at(0));
}

std::string SqliteStore::dump() {
    std::string all;
    Onlooker{path_}.each("SELECT * FROM jobs ORDER BY seq", [&](sqlite3_stmt* row) {
        for (int i = 0; i < sqlite3_column_count(row); ++i)
            all += text(row, i) + '|';
        all += '\n';
    });
    return all;
}

std::vector<std::string> SqliteStore::damage() {
    Onlooker file{path_};
    auto found = file.column("PRAGMA integrity_check");
    std::erase(found, "ok");
    // A lease iff running, one row per id, nothing that belongs to nobody.
    auto const orphans = file.column("SELECT id FROM jobs WHERE state = 2 AND incarnation IS NULL");
    for (auto const& id : orphans)
        found.push_back(id + " runs for nobody");
    auto const late = file.column("SELECT id FROM jobs WHERE state >= 4 AND finished IS NULL");
    for (auto const& id : late)
        found.push_back(id + " has ended at no time");
    return found;
}

}  // namespace faults
