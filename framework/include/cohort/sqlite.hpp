// SPDX-License-Identifier: MIT
// What a job can do beyond the contract when its broker is an SQLite file: write to that file, exactly once.
//
//   cohort::awaitable<void> book(cohort::Context& ctx, int account, int amount) {
//       cohort::sqlite::on_commit(ctx, [=](sqlite3* db) { ... });   // UPDATE accounts SET ...
//       co_return;
//   }
#pragma once

#include <cohort/context.hpp>

#include <chrono>
#include <functional>

struct sqlite3;

namespace cohort::sqlite {

// So long one function may take. All writers of the file wait for it.
inline constexpr std::chrono::milliseconds on_commit_limit{100};

// When the body has succeeded, `write` is called inside the transaction that stores that outcome: what it
// writes, the outcome and the result are committed together, or none of them is. May be called several times
// in a run: the functions are called in this order. Throws Error(errc::not_supported) with another broker.
//
// - `write` gets the broker's own connection, on the broker's thread, for the time of the call. It may read
//   all tables, and write all but Cohort's (queues, workers, served, jobs, jobs_…). It must not begin, commit
//   or roll back (savepoints of its own it may have), attach files or set pragmas: such statements fail with
//   SQLITE_AUTH.
// - When it throws, what it wrote is undone, and the run ends as if the body had thrown that: Retry and
//   Discard mean what they mean there. Other jobs are not concerned.
// - Beyond on_commit_limit its statements are interrupted, and the run fails.
// - It may be called again, when the transaction had to be undone or the worker died before the commit:
//   effects beyond the file happen once or more. It is not called for a run that had lost its lease.
// - What it uses must live until it has been called: capture values. It runs beside the worker's loops.
void on_commit(Context& ctx, std::function<void(sqlite3* db)> write);

}  // namespace cohort::sqlite
