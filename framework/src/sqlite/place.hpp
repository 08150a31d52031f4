// SPDX-License-Identifier: MIT
// The file itself, before SQLite touches it: may it be a queue at all?
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace cohort::sqlite {

// Checks the path and creates the file (0600) when it is absent. Gives the absolute path without symbolic
// links, so that every process finds the same files beside it. Throws Error: storage_open,
// storage_unsupported_fs, not_a_queue, storage_corrupt. Changes nothing that is there.
std::string prepare_file(std::string const& path);

// Which file a path leads to.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(FileIdentity const&) const = default;
};
std::optional<FileIdentity> identify(std::string const& path) noexcept;

// Which boot of this machine it is: leases are counted on a clock that begins with it.
std::string boot_id();

}  // namespace cohort::sqlite
