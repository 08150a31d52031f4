// SPDX-License-Identifier: MIT
// One connection to the file, set up for its role, and transactions on it.
#pragma once

#include "sqlite/statement.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace cohort::sqlite {

enum class Durability : std::uint8_t {
    full,    // a commit has reached the disk
    normal,  // a commit survives the end of every process; a power cut may take the last ones back
};

struct ConnectionOptions {
    Durability durability = Durability::full;
    bool read_only = false;  // refuses to write by mistake; locks and the WAL are used all the same
};

// Used by one thread at a time.
class Database {
public:
    // The file must exist. Throws Error: storage_open, storage_corrupt, not_a_queue.
    Database(std::string path, ConnectionOptions options);

    sqlite3* handle() const noexcept { return handle_.get(); }
    std::string const& path() const noexcept { return path_; }

    // Several statements without parameters or rows.
    void execute(std::string const& sql);
    std::int64_t pragma(std::string const& name);

    // Takes the write lock. Throws Locked at once when somebody else has it.
    void begin();
    // Throws Locked or Error; the transaction is then to be rolled back.
    void commit();
    void rollback() noexcept;

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
    };
    std::string path_;
    std::unique_ptr<sqlite3, Close> handle_;
    std::unique_ptr<Statement> begin_;
    std::unique_ptr<Statement> commit_;
};

}  // namespace cohort::sqlite
