// SPDX-License-Identifier: MIT
#include "sqlite/database.hpp"

#include "sqlite/errors.hpp"

namespace cohort::sqlite {
namespace {

// Other programs (the sqlite3 shell, a backup) hold short locks that our own queue of writers knows nothing
// of. Only set-up waits for them here: the threads of a broker wait by themselves, so that they stay able to
// stop.
constexpr int set_up_patience_ms = 5'000;

}  // namespace

Database::Database(std::string path, ConnectionOptions options) : path_{std::move(path)} {
    // NOFOLLOW: the file was checked under this very name. No mutexes: one thread at a time uses a
    // connection.
    int const flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    sqlite3* handle = nullptr;
    int const code = sqlite3_open_v2(path_.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) throw make_error(handle, code, "cannot open \"" + path_ + "\"");

    sqlite3_busy_timeout(handle, set_up_patience_ms);
    // Checkpoints are made in one place only, by the keeper.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 512, 500);
    try {
        // temp_store: else UPDATE … RETURNING opens a journal in a temporary file each time.
        execute("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -8000;"
                "PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 0;");
        execute(options.durability == Durability::full ? "PRAGMA synchronous = FULL"
                                                       : "PRAGMA synchronous = NORMAL");
        if (options.read_only) execute("PRAGMA query_only = 1");
        begin_ = std::make_unique<Statement>(handle, "BEGIN IMMEDIATE");
        commit_ = std::make_unique<Statement>(handle, "COMMIT");
    } catch (Locked const& locked) {
        throw make_error(handle, locked.code, "cannot open \"" + path_ + "\"");
    }
    sqlite3_busy_timeout(handle, 0);
}

void Database::execute(std::string const& sql) {
    int const code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (is_busy(code)) throw Locked{code};
    if (code != SQLITE_OK) throw make_error(handle_.get(), code, path_);
}

std::int64_t Database::pragma(std::string const& name) {
    Statement statement{handle_.get(), "PRAGMA " + name};
    return statement.step() ? statement.integer(0) : 0;
}

void Database::begin() {
    begin_->run();
}

void Database::commit() {
    commit_->run();
}

void Database::rollback() noexcept {
    // Some errors have rolled it back already.
    if (sqlite3_get_autocommit(handle_.get()) == 0)
        sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace cohort::sqlite
