// SPDX-License-Identifier: MIT
#include "sqlite/statement.hpp"

#include "sqlite/errors.hpp"

namespace cohort::sqlite {

Statement::Statement(sqlite3* connection, std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    int const code = sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    statement_.reset(statement);
    if (is_busy(code)) throw Locked{code};
    if (code != SQLITE_OK) throw make_error(connection, code, "preparing \"" + std::string{sql} + "\"");
}

Statement& Statement::bind(std::int64_t value) {
    check(sqlite3_bind_int64(statement_.get(), ++bound_, value));
    return *this;
}

Statement& Statement::bind(std::string_view text) {
    // A null pointer would bind NULL, and an empty view may have one.
    char const* const data = text.data() == nullptr ? "" : text.data();
    check(sqlite3_bind_text64(statement_.get(), ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
    return *this;
}

Statement& Statement::bind_null() {
    check(sqlite3_bind_null(statement_.get(), ++bound_));
    return *this;
}

bool Statement::step() {
    int const code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(code);
    return false;
}

int Statement::run() {
    Use const use{*this};
    while (step()) {
    }
    return sqlite3_changes(sqlite3_db_handle(statement_.get()));
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_.get());
    bound_ = 0;
}

bool Statement::is_null(int column) const noexcept {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const noexcept {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const noexcept {
    auto const* const data = reinterpret_cast<char const*>(sqlite3_column_text(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Statement::fail(int code) {
    sqlite3* const connection = sqlite3_db_handle(statement_.get());
    int const extended = sqlite3_extended_errcode(connection);
    if ((extended & 0xff) == (code & 0xff)) code = extended;
    if (is_busy(code)) {
        reset();
        throw Locked{code};
    }
    char const* const file = sqlite3_db_filename(connection, nullptr);
    Error error = make_error(connection, code, file == nullptr ? "" : file);
    reset();
    throw error;
}

}  // namespace cohort::sqlite
