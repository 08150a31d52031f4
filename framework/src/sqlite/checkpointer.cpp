// SPDX-License-Identifier: MIT
#include "sqlite/checkpointer.hpp"

#include <cohort/log.hpp>

namespace cohort::sqlite {

Checkpointer::Checkpointer(Config const& config, LockFile& lock_file)
    : lock_file_{lock_file}, place_{lock_file, LockFile::Rank::job},
      database_{config.path, {config.durability, false}} {}

bool Checkpointer::is_ours() noexcept {
    if (!ours_) ours_ = lock_file_.take_checkpointer();
    return ours_;
}

void Checkpointer::run(int mode) noexcept {
    if (!is_ours() || !has_work()) return;
    sqlite3* const handle = database_.handle();
    // Most of it while others go on writing. Allowed only where frames are known to be left over: a
    // checkpoint that begins with none can take a WAL that is begun anew under its hands for the old one
    // (SQLite before 3.51.3).
    if (knows_) sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);

    // The rest with all writers waiting, and under SQLite's write lock, so that the next one finds an empty
    // WAL.
    place_.enter();
    auto const commits = lock_file_.commits();
    int in_wal = 0;
    int moved = 0;
    int const code = sqlite3_wal_checkpoint_v2(handle, "main", mode, &in_wal, &moved);
    place_.leave();
    if (code == SQLITE_OK && in_wal == moved) {
        done_ = commits;
        knows_ = true;
    } else if (code != SQLITE_OK && code != SQLITE_BUSY) {
        log(LogLevel::warn,
            one_line("checkpoint of \"" + database_.path() + "\": " + sqlite3_errmsg(handle)));
    }
}

}  // namespace cohort::sqlite
