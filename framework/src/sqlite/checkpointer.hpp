// SPDX-License-Identifier: MIT
// Moving what is committed from the WAL into the database: by one process at a time, and so that no
// connection of ours can begin the WAL anew meanwhile. docs/decisions/0016-one-checkpointer.md says what
// happens else.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/lock_file.hpp"

#include <cstdint>

namespace cohort::sqlite {

// Used by one thread.
class Checkpointer {
public:
    // Throws Error when the file cannot be opened.
    Checkpointer(Config const& config, LockFile& lock_file);

    // Is this process the one? Tries to become it when nobody else is.
    bool is_ours() noexcept;
    // Is there anything that was committed since the last complete one?
    bool has_work() const noexcept { return !knows_ || lock_file_.commits() != done_; }
    // Best effort: with readers on an old state it does a part. `mode` is SQLITE_CHECKPOINT_FULL or
    // _TRUNCATE.
    void run(int mode) noexcept;

private:
    LockFile& lock_file_;
    LockFile::Place place_;
    Database database_;
    bool ours_ = false;
    bool knows_ = false;      // is done_ true?
    std::uint64_t done_ = 0;  // so many commits have been moved
};

}  // namespace cohort::sqlite
