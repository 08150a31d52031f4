// SPDX-License-Identifier: MIT
// The tables of a queue file, and the numbered steps that bring older files up to date.
// docs/brokers/sqlite.md explains each column.
#pragma once

#include "sqlite/database.hpp"

#include <cstdint>

namespace cohort::sqlite {

// In the file's header ("COHO"), so that file(1) and we can tell whose it is.
inline constexpr std::int64_t application_id = 0x434f484f;
// The number of the last migration; stored as PRAGMA user_version.
std::int64_t schema_version() noexcept;

// Looks at the header alone, changes nothing. Throws Error: not_a_queue, schema_newer, storage_corrupt.
void check_schema(Database& database);

// Creates the tables in an empty file, or applies the migrations that an older one lacks, in one transaction;
// several processes may do so at once. Throws Error, or Locked.
void migrate(Database& database);

}  // namespace cohort::sqlite
