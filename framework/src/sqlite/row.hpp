// SPDX-License-Identifier: MIT
// A job's record as a row of the table `jobs`, both ways.
#pragma once

#include "sqlite/statement.hpp"

#include <cohort/record.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::sqlite {

// What to select for read_row; `prefix` is put before each column ("j.").
std::string row_columns(std::string_view prefix = "");

struct Row {
    std::int64_t seq = 0;
    std::int64_t queue = 0;  // the number of the queue; record.ref.queue is left empty
    JobRecord record;
};

// From a statement that selected row_columns() first. Throws Error(errc::bad_envelope) when a later version
// wrote it.
Row read_row(Statement const& statement);

// When upkeep next has to look at a job like this.
std::optional<Instant> alarm_of(JobRecord const& record) noexcept;

// "1000000 2 3600000000 1"; "" for the default.
std::string format_backoff(Backoff const& backoff);
Backoff parse_backoff(std::string_view text) noexcept;

// The columns that change while a job lives, for "UPDATE jobs SET …", and their values in that order. The
// strings of the record, and `scratch`, must outlive the statement's use.
std::string_view changing_columns() noexcept;
void bind_changing(Statement& statement, JobRecord const& record);

}  // namespace cohort::sqlite
