// SPDX-License-Identifier: MIT
// The file as another program sees it: a connection of the test's own.
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace test {

class SqliteDatabase {
public:
    explicit SqliteDatabase(std::string const& path) {
        int const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        if (sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr) != SQLITE_OK) fail();
        sqlite3_busy_timeout(handle_, 10'000);
    }
    ~SqliteDatabase() { sqlite3_close_v2(handle_); }
    SqliteDatabase(SqliteDatabase const&) = delete;
    SqliteDatabase& operator=(SqliteDatabase const&) = delete;

    sqlite3* get() const noexcept { return handle_; }

    void execute(std::string const& sql) {
        if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
    }
    // The first column of the first row; -1 without any.
    long long number(std::string const& sql) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail();
        long long const value =
            sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
        sqlite3_finalize(statement);
        return value;
    }

private:
    [[noreturn]] void fail() { throw std::runtime_error{sqlite3_errmsg(handle_)}; }

    sqlite3* handle_ = nullptr;
};

}  // namespace test
