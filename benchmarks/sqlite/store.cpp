// SPDX-License-Identifier: MIT
#include "sqlite/store.hpp"

#include "jobs.hpp"

#include <sqlite3.h>

#include <array>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <stdexcept>
#include <sys/file.h>
#include <unistd.h>

namespace bench::raw {

namespace {

[[noreturn]] void fail(sqlite3* database) {
    throw std::runtime_error{std::string{"sqlite: "} + sqlite3_errmsg(database)};
}

void execute(sqlite3* database, std::string const& sql) {
    if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail(database);
}

std::int64_t now() {
    auto const since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

// 26 characters that grow, like those of a ULID.
std::array<char, 26> make_id(std::uint64_t n) {
    std::array<char, 26> id;
    id.fill('0');
    for (std::size_t at = id.size(); n > 0; n /= 10)
        id[--at] = static_cast<char>('0' + n % 10);
    return id;
}

constexpr std::string_view client = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t day_us = 86'400'000'000;

// No index but the primary key: what waits lies behind what is being run, in the order of storing, and rows
// that are done are gone. So the search for the next ones is a short walk.
constexpr char const* tables = R"sql(
CREATE TABLE IF NOT EXISTS jobs (
    seq       INTEGER PRIMARY KEY,
    id        TEXT    NOT NULL,
    queue     TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    state     INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    started   INTEGER,
    worker    TEXT,
    client    TEXT    NOT NULL,
    arguments TEXT    NOT NULL
);
CREATE TABLE IF NOT EXISTS results (
    seq      INTEGER PRIMARY KEY,
    id       TEXT    NOT NULL,
    client   TEXT    NOT NULL,
    finished INTEGER NOT NULL,
    expires  INTEGER NOT NULL,
    result   TEXT    NOT NULL
);
)sql";

}  // namespace

Statement::Statement(sqlite3* database, char const* sql) {
    if (sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) != SQLITE_OK)
        fail(database);
}

Statement::~Statement() {
    sqlite3_finalize(statement_);
}

Statement& Statement::bind(int at, std::string_view text) {
    sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    return *this;
}

Statement& Statement::bind(int at, std::int64_t number) {
    sqlite3_bind_int64(statement_, at, number);
    return *this;
}

bool Statement::step() {
    int const code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    sqlite3_reset(statement_);
    if (code != SQLITE_DONE) fail(sqlite3_db_handle(statement_));
    return false;
}

void Statement::run() {
    while (step()) {
    }
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
    auto const* const data = reinterpret_cast<char const*>(sqlite3_column_text(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

struct Store::Statements {
    explicit Statements(sqlite3* d)
        : begin{d, "BEGIN IMMEDIATE"}, commit{d, "COMMIT"},
          insert{d, "INSERT INTO jobs (seq, id, queue, name, state, created, client, arguments) "
                    "VALUES (?, ?, 'default', 'bench.add', 0, ?, ?, ?)"},
          claim{d, "UPDATE jobs SET state = 1, started = ?, worker = ? WHERE seq IN "
                   "(SELECT seq FROM jobs WHERE state = 0 ORDER BY seq LIMIT ?) RETURNING seq, id, client, "
                   "arguments"},
          remove{d, "DELETE FROM jobs WHERE seq = ?"},
          finish{
              d,
              "INSERT INTO results (seq, id, client, finished, expires, result) VALUES (?, ?, ?, ?, ?, ?)"},
          result{d, "SELECT result FROM results WHERE seq = ?"},
          waiting{d, "SELECT 1 FROM jobs WHERE state = 0 LIMIT 1"} {}

    Statement begin, commit, insert, claim, remove, finish, result, waiting;
};

Store::Store(std::string const& folder, std::string const& durability) {
    std::string const path = folder + "/raw.db";
    if (sqlite3_open_v2(path.c_str(), &database_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        nullptr) != SQLITE_OK) {
        fail(database_);
    }
    lock_ = open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    sqlite3_busy_timeout(database_, 10'000);
    execute(database_,
            "PRAGMA journal_mode = WAL; PRAGMA temp_store = MEMORY; PRAGMA synchronous = " + durability);
    execute(database_, tables);
    statements_ = std::make_unique<Statements>(database_);
}

Store::~Store() {
    statements_.reset();
    sqlite3_close(database_);
    close(lock_);
}

// SQLite's own waiting for the write lock sleeps for milliseconds; in a queue at a file lock the next one
// goes at once.
void Store::begin() {
    flock(lock_, LOCK_EX);
    statements_->begin.run();
}

void Store::commit() {
    statements_->commit.run();
    flock(lock_, LOCK_UN);
}

std::int64_t Store::insert(std::uint64_t n) {
    auto const id = make_id(n);
    auto const [text, a, b] = bench::arguments(n);
    char arguments[160];
    int const length = std::snprintf(arguments, sizeof arguments, "[\"%s\",%d,%d]", text.c_str(), a, b);
    // SQLite would use the numbers of deleted rows again, and a result is found by this one.
    auto const seq = static_cast<std::int64_t>(n) + 1;
    auto& insert = statements_->insert;
    insert.bind(1, seq).bind(2, std::string_view{id.data(), id.size()}).bind(3, now()).bind(4, client);
    insert.bind(5, std::string_view{arguments, static_cast<std::size_t>(length)}).run();
    return seq;
}

void Store::claim(std::uint32_t limit, std::vector<Claimed>& claimed) {
    auto& claim = statements_->claim;
    claim.bind(1, now()).bind(2, "fedcba9876543210fedcba9876543210").bind(3, limit);
    while (claim.step()) {
        claimed.push_back(Claimed{claim.integer(0), std::string{claim.text(1)}, std::string{claim.text(2)},
                                  std::string{claim.text(3)}});
    }
}

void Store::finish(Claimed const& job) {
    // ["xxx…",123456,654321]: the job itself.
    auto const quote = job.arguments.rfind('"');
    auto const comma = job.arguments.rfind(',');
    int a = 0;
    int b = 0;
    char const* const end = job.arguments.data() + job.arguments.size();
    std::from_chars(job.arguments.data() + quote + 2, end, a);
    std::from_chars(job.arguments.data() + comma + 1, end, b);
    char text[16];
    auto const last = std::to_chars(text, text + sizeof text, static_cast<int>(quote - 2) + a + b).ptr;

    auto const finished = now();
    statements_->remove.bind(1, job.seq).run();
    statements_->finish.bind(1, job.seq)
        .bind(2, job.id)
        .bind(3, job.client)
        .bind(4, finished)
        .bind(5, finished + day_us);
    statements_->finish.bind(6, std::string_view{text, static_cast<std::size_t>(last - text)}).run();
}

bool Store::result(std::int64_t seq, int& value) {
    auto& result = statements_->result;
    if (!result.bind(1, seq).step()) return false;
    auto const text = result.text(0);
    std::from_chars(text.data(), text.data() + text.size(), value);
    while (result.step()) {
    }
    return true;
}

bool Store::has_waiting() {
    bool const found = statements_->waiting.step();
    while (found && statements_->waiting.step()) {
    }
    return found;
}

std::uint64_t Store::count(char const* table) {
    Statement count{database_, (std::string{"SELECT count(*) FROM "} + table).c_str()};
    count.step();
    auto const rows = static_cast<std::uint64_t>(count.integer(0));
    count.run();
    return rows;
}

}  // namespace bench::raw
