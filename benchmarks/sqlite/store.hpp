// SPDX-License-Identifier: MIT
// The raw limit of SQLite: the plainest table of jobs and of results, prepared statements, nothing else. It
// keeps what a job is made of, and none of what Cohort promises beside that (leases, retries, unique ids,
// states to look at).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace bench::raw {

class Statement {
public:
    Statement(sqlite3* database, char const* sql);
    ~Statement();
    Statement(Statement const&) = delete;
    Statement& operator=(Statement const&) = delete;

    // The text must live until the statement has run.
    Statement& bind(int at, std::string_view text);
    Statement& bind(int at, std::int64_t number);
    bool step();  // whether there is a row; after the last one it is reset
    void run();   // where no row is of interest
    std::int64_t integer(int column) const;
    std::string_view text(int column) const;  // until the next step

private:
    sqlite3_stmt* statement_ = nullptr;
};

struct Claimed {
    std::int64_t seq = 0;
    std::string id;
    std::string client;
    std::string arguments;
};

// One connection, one thread.
class Store {
public:
    // Makes the tables where there are none.
    Store(std::string const& folder, std::string const& durability);
    ~Store();

    void begin();  // takes the write lock
    void commit();

    // Call number n. Returns what the row is found by.
    std::int64_t insert(std::uint64_t n);
    // Appends up to `limit` jobs that wait, the oldest first.
    void claim(std::uint32_t limit, std::vector<Claimed>& claimed);
    // Deletes the job and stores its result.
    void finish(Claimed const& job);
    // Whether there is a result, and then what it is.
    bool result(std::int64_t seq, int& value);
    bool has_waiting();
    std::uint64_t count(char const* table);

private:
    struct Statements;
    sqlite3* database_ = nullptr;
    int lock_ = -1;
    std::unique_ptr<Statements> statements_;
};

}  // namespace bench::raw
