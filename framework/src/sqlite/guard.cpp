// SPDX-License-Identifier: MIT
#include "sqlite/guard.hpp"

#include "sqlite/database.hpp"
#include "sqlite/errors.hpp"

#include <cohort/error.hpp>
#include <cohort/sqlite.hpp>

#include <string>
#include <string_view>

namespace cohort::sqlite {
namespace {

using SteadyClock = std::chrono::steady_clock;

// SQLite asks after so many steps of its machine: some 10 µs.
constexpr int steps_between_looks = 1'000;

bool is_ours(char const* table) noexcept {
    std::string_view const name = table == nullptr ? "" : table;
    return name == "queues" || name == "workers" || name == "served" || name == "jobs" ||
           name.starts_with("jobs_") || name.starts_with("workers_retired");
}

// Trouble of the file, and none that a job has made.
bool is_trouble_of_file(int code) noexcept {
    switch (code & 0xff) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CORRUPT:
        return true;
    default:
        return false;
    }
}

}  // namespace

Guard::Guard(Database& database) : database_{database} {
    sqlite3_set_authorizer(database.handle(), &authorize, this);
}

int Guard::authorize(void* self, int action, char const* first, char const* second, char const*,
                     char const*) noexcept {
    if (!static_cast<Guard*>(self)->inside_) return SQLITE_OK;
    switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_PRAGMA:
        return SQLITE_DENY;
    case SQLITE_SAVEPOINT:
        return second != nullptr && std::string_view{second} == "cohort_hook" ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_VIEW:
    case SQLITE_ANALYZE:
        return is_ours(first) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_ALTER_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TRIGGER:
        return is_ours(second) ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

int Guard::is_late(void* self) noexcept {
    return SteadyClock::now() > static_cast<Guard*>(self)->until_ ? 1 : 0;
}

std::exception_ptr Guard::call(CommitHook& hook) {
    auto const begun = SteadyClock::now();
    until_ = begun + on_commit_limit;
    sqlite3_progress_handler(database_.handle(), steps_between_looks, &is_late, this);
    inside_ = true;
    std::exception_ptr error;
    try {
        hook.run(database_.handle());
    } catch (...) {
        error = std::current_exception();
    }
    inside_ = false;
    sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
    auto const took = std::chrono::duration_cast<Duration>(SteadyClock::now() - begun);
    if (took > on_commit_limit) {
        return std::make_exception_ptr(Error{errc::timed_out, "its on_commit function took " +
                                                                  to_string(took) + "; at most " +
                                                                  to_string(on_commit_limit)});
    }
    return error;
}

std::exception_ptr Guard::run(CommitHook& hook) {
    sqlite3* const handle = database_.handle();
    database_.execute("SAVEPOINT cohort_hook");
    auto const error = call(hook);
    int const code = sqlite3_extended_errcode(handle);
    // A statement that it has left half-way would hold on to this state of the file.
    for (auto* left = sqlite3_next_stmt(handle, nullptr); left != nullptr;
         left = sqlite3_next_stmt(handle, left)) {
        if (sqlite3_stmt_busy(left) != 0) sqlite3_reset(left);
    }
    if (sqlite3_get_autocommit(handle) != 0) {
        if (is_trouble_of_file(code)) throw make_error(nullptr, code, database_.path());
        throw Undone{error
                         ? error
                         : std::make_exception_ptr(Error{
                               errc::invalid_config, "its on_commit function rolled back the transaction"})};
    }
    if (error) database_.execute("ROLLBACK TO cohort_hook");
    database_.execute("RELEASE cohort_hook");
    return error;
}

}  // namespace cohort::sqlite
