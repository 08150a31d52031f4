// SPDX-License-Identifier: MIT
#include "sqlite/errors.hpp"

namespace cohort::sqlite {

errc classify(int code) noexcept {
    // Extended codes carry their primary code in the low byte.
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:  // the lock protocol of the WAL was too contended
        return errc::busy;
    case SQLITE_INTERRUPT:
        return errc::aborted;
    case SQLITE_FULL:
        return errc::storage_full;
    case SQLITE_TOOBIG:
        return errc::payload_too_large;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return errc::storage_corrupt;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
        return errc::storage_open;
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
        return errc::unavailable;
    default:  // a statement of ours is wrong, or the schema was changed by hand
        return errc::storage_corrupt;
    }
}

bool is_busy(int code) noexcept {
    return classify(code) == errc::busy;
}

Error make_error(sqlite3* connection, int code, std::string_view where) {
    std::string detail{where};
    detail += ": ";
    // The connection's text is the better one, as long as it speaks of this very failure.
    bool const same = connection != nullptr && (sqlite3_errcode(connection) & 0xff) == (code & 0xff);
    detail += same ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    detail += " (SQLite code " + std::to_string(code) + ")";
    switch (classify(code)) {
    case errc::storage_full:
        detail += "; free some space on its disk";
        break;
    case errc::storage_corrupt:
        detail += "; stop every process that uses the file, then check it with PRAGMA integrity_check";
        break;
    case errc::busy:
        detail += "; another program holds the file's lock";
        break;
    default:
        break;
    }
    return Error{classify(code), detail};
}

}  // namespace cohort::sqlite
