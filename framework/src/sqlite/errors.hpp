// SPDX-License-Identifier: MIT
// The one place where SQLite's result codes become ours.
#pragma once

#include <cohort/error.hpp>

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace cohort::sqlite {

// What a caller can do about a result code (a primary or an extended one).
errc classify(int code) noexcept;

// The error of a call that failed with `code`. `where` says what was being done, and to which file.
Error make_error(sqlite3* connection, int code, std::string_view where);

// Another connection holds a lock that this one needs: nothing has happened, and trying again may help.
bool is_busy(int code) noexcept;

// Thrown inside of this room when a transaction cannot begin, or has to begin anew: nobody outside sees it.
struct Locked {
    int code = SQLITE_BUSY;
};

}  // namespace cohort::sqlite
