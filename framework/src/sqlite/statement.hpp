// SPDX-License-Identifier: MIT
// One prepared statement: parameters in, rows out, reset when a use of it ends.
#pragma once

#include <cohort/time.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cohort::sqlite {

class Statement {
public:
    // Throws Error. `sql` is one statement.
    Statement(sqlite3* connection, std::string_view sql);

    // Binds the next parameter. Texts are not copied: they must outlive the use.
    Statement& bind(std::int64_t value);
    Statement& bind(std::string_view text);
    Statement& bind(Instant at) { return bind(at.time_since_epoch().count()); }
    Statement& bind(Duration span) { return bind(span.count()); }
    Statement& bind_null();
    template<class T>
    Statement& bind(std::optional<T> const& value) {
        return value ? bind(*value) : bind_null();
    }
    // An empty text as NULL.
    Statement& bind_text_or_null(std::string_view text) { return text.empty() ? bind_null() : bind(text); }

    // The next row, if there is one. Throws Locked or Error.
    bool step();
    // For statements without rows: runs it, resets it, and says how many rows it changed.
    int run();
    // Makes it ready for the next use.
    void reset() noexcept;

    bool is_null(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    // Valid until the next step or reset.
    std::string_view text(int column) const noexcept;
    std::string string(int column) const { return std::string{text(column)}; }
    // Far enough from the ends of time that no sum or difference of two leaves it, whatever was written.
    Instant instant(int column) const noexcept {
        constexpr std::int64_t furthest = std::int64_t{1} << 60;  // 36,000 years
        return Instant{Duration{std::clamp(integer(column), -furthest, furthest)}};
    }

private:
    [[noreturn]] void fail(int code);
    void check(int code) {
        if (code != SQLITE_OK) fail(code);
    }

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
};

// One use of a statement: it is reset on every way out, so that it neither holds a read lock nor old
// parameters.
class Use {
public:
    explicit Use(Statement& statement) noexcept : statement_{statement} {}
    ~Use() { statement_.reset(); }
    Use(Use const&) = delete;
    Use& operator=(Use const&) = delete;

    Statement* operator->() const noexcept { return &statement_; }
    Statement& operator*() const noexcept { return statement_; }

private:
    Statement& statement_;
};

}  // namespace cohort::sqlite
