// SPDX-License-Identifier: MIT
// Lets a job write within a transaction of ours: what it may not do is refused, what it does can be undone
// alone, and it cannot take long.
#pragma once

#include <cohort/state.hpp>

#include <sqlite3.h>

#include <chrono>
#include <exception>

namespace cohort::sqlite {

class Database;

// The hook has ended the transaction that it ran in, with INSERT OR ROLLBACK for instance: all of it is to be
// done again, and this hook is not to be called again.
struct Undone {
    std::exception_ptr error;  // what it is to be told
};

// One per connection; its thread alone.
class Guard {
public:
    // From here on the connection asks this object what is allowed. That is done once: setting an authorizer
    // makes SQLite prepare every statement anew.
    explicit Guard(Database& database);
    Guard(Guard const&) = delete;
    Guard& operator=(Guard const&) = delete;

    // In a transaction. Gives back what the hook has thrown, and then nothing of it is left. Throws Undone,
    // and Error when the file cannot be written.
    std::exception_ptr run(CommitHook& hook);

private:
    static int authorize(void* guard, int action, char const* first, char const* second, char const* database,
                         char const* trigger) noexcept;
    static int is_late(void* guard) noexcept;
    std::exception_ptr call(CommitHook& hook);

    Database& database_;
    bool inside_ = false;
    std::chrono::steady_clock::time_point until_{};
};

}  // namespace cohort::sqlite
