// SPDX-License-Identifier: MIT
// A job's record as rows of the tables, and back.
#pragma once

#include "sqlite/statement.hpp"

#include <cohort/record.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::sqlite {

// A job as it was read.
struct Row {
    std::int64_t seq = 0;
    std::int64_t queue = 0;  // the number of the queue; record.ref.queue is left empty
    Instant first_due{};     // as it was asked for
    Instant due{};           // with it, the place from which the job is to be taken
    Instant expires = never;
    bool has_past = false;
    bool is_newer = false;  // a later version wrote it: what is read of it may be shown, but not acted upon
    JobRecord record;
};

// "SELECT … FROM …", to be continued with WHERE: jobs is `j`, past `p`, running `n`, ended `e`, later `l`.
// `from` is where it begins: "jobs j", or what leads to that table.
std::string select_rows(std::string_view from = "jobs j");
// From a statement made of it, whatever a stranger may have written.
Row read_row(Statement const& statement);

// The same for jobs that are ready (`r`), which are read in large numbers.
std::string select_ready_rows();
Row read_ready_row(Statement const& statement);

// Of the table `ended`; failed for a state that cannot be there.
JobState ended_state(Statement const& statement, int column) noexcept;
FailReason reason_of(std::int64_t value) noexcept;

// Does something of the record have no place but in the table `past`?
bool needs_past(Row const& row) noexcept;

// "1000000 2 3600000000 1"; "" for the default.
std::string format_backoff(Backoff const& backoff);
Backoff parse_backoff(std::string_view text) noexcept;

}  // namespace cohort::sqlite
