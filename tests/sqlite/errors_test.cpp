// SPDX-License-Identifier: MIT
#include "sqlite/errors.hpp"

#include <catch2/catch.hpp>

namespace errors_test {

using namespace cohort;
using namespace cohort::sqlite;

TEST_CASE("every result code of SQLite is one of ours") {
    struct Row {
        int code;
        errc expected;
    };
    Row const rows[] = {
        {SQLITE_BUSY, errc::busy},
        {SQLITE_BUSY_SNAPSHOT, errc::busy},
        {SQLITE_BUSY_RECOVERY, errc::busy},
        {SQLITE_LOCKED, errc::busy},
        {SQLITE_PROTOCOL, errc::busy},
        {SQLITE_FULL, errc::storage_full},
        {SQLITE_TOOBIG, errc::payload_too_large},
        {SQLITE_CORRUPT, errc::storage_corrupt},
        {SQLITE_CORRUPT_INDEX, errc::storage_corrupt},
        {SQLITE_NOTADB, errc::storage_corrupt},
        {SQLITE_CANTOPEN, errc::storage_open},
        {SQLITE_CANTOPEN_ISDIR, errc::storage_open},
        {SQLITE_PERM, errc::storage_open},
        {SQLITE_READONLY, errc::storage_open},
        {SQLITE_READONLY_DBMOVED, errc::storage_open},
        {SQLITE_AUTH, errc::storage_open},
        {SQLITE_IOERR, errc::unavailable},
        {SQLITE_IOERR_FSYNC, errc::unavailable},
        {SQLITE_NOMEM, errc::unavailable},
        {SQLITE_INTERRUPT, errc::aborted},
        {SQLITE_ERROR, errc::storage_corrupt},
        {SQLITE_MISUSE, errc::storage_corrupt},
    };
    for (auto const& row : rows) {
        INFO(sqlite3_errstr(row.code));
        CHECK(classify(row.code) == row.expected);
        CHECK(is_busy(row.code) == (row.expected == errc::busy));
    }
}

TEST_CASE("an error says where, what and what to do") {
    auto const full = make_error(nullptr, SQLITE_FULL, "q.db");
    CHECK(full.which() == errc::storage_full);
    CHECK_THAT(full.what(),
               Catch::Contains("q.db") && Catch::Contains("full") && Catch::Contains("free some space"));
    auto const corrupt = make_error(nullptr, SQLITE_CORRUPT, "q.db");
    CHECK_THAT(corrupt.what(), Catch::Contains("malformed") && Catch::Contains("integrity_check"));
}

}  // namespace errors_test
