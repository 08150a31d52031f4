// SPDX-License-Identifier: MIT
// A queue file into which a stranger writes rows by hand, with SQLite's C API and nothing of ours, and a
// worker that meets them.
#pragma once

#include "support/process.hpp"

#include <cohort/blocking_client.hpp>
#include <cohort/open.hpp>
#include <cohort/worker.hpp>

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace inputs {

using namespace std::chrono_literals;

// The code and the text with which a call is refused; `ok` and "" when it is not.
struct Refusal {
    cohort::errc code = cohort::errc::ok;
    std::string text;
};

template<class Call>
Refusal refusal(Call call) {
    try {
        call();
    } catch (cohort::Error const& error) {
        return {error.which(), error.what()};
    }
    return {};
}

struct Blob {
    std::string bytes;
};
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Blob>;
using Columns = std::map<std::string, Value>;

// Knows the tables and nothing else.
class Stranger {
public:
    explicit Stranger(std::string const& path) {
        REQUIRE(sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK);
        sqlite3_busy_timeout(handle_, 5000);
    }
    ~Stranger() { sqlite3_close(handle_); }
    Stranger(Stranger const&) = delete;
    Stranger& operator=(Stranger const&) = delete;

    void execute(std::string const& sql) {
        char* text = nullptr;
        int const code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &text);
        INFO(sql << ": " << (text == nullptr ? "" : text));
        sqlite3_free(text);
        REQUIRE(code == SQLITE_OK);
    }

    // Who is told when the jobs end; nobody at first.
    Value client = nullptr;

    // A job of the queue "default" that is ready to run: what the columns do not say is as a careful stranger
    // would write it. Gives its number.
    std::int64_t write_job(std::string const& id, std::string const& name, Value arguments,
                           Columns columns = {}) {
        columns.try_emplace("id", id);
        auto const seq = ask_for(name, std::move(arguments), std::move(columns));
        execute("INSERT INTO jobs_ready (queue, rank, due, seq) SELECT queue, -priority, due, seq FROM jobs "
                "WHERE "
                "seq = " +
                std::to_string(seq));
        return seq;
    }

    // The same without a place: it is not ready, and nothing else.
    std::int64_t ask_for(std::string const& name, Value arguments, Columns columns) {
        columns.try_emplace("queue", std::int64_t{1});
        columns.try_emplace("name", name);
        columns.try_emplace("arguments", std::move(arguments));
        columns.try_emplace("max_retries", std::int64_t{5});
        columns.try_emplace("client", client);
        columns.try_emplace("due", now());
        columns.try_emplace("created", now());
        insert("jobs", columns);
        return sqlite3_last_insert_rowid(handle_);
    }

    void insert(std::string const& table, Columns const& columns) {
        std::string names;
        std::string marks;
        for (auto const& [column, value] : columns) {
            names += (names.empty() ? "" : ", ") + column;
            marks += marks.empty() ? "?" : ", ?";
        }
        sqlite3_stmt* statement = nullptr;
        std::string const sql = "INSERT INTO " + table + " (" + names + ") VALUES (" + marks + ")";
        INFO(sql << ": " << sqlite3_errmsg(handle_));
        REQUIRE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
        int at = 0;
        for (auto const& [column, value] : columns)
            bind(statement, ++at, value);
        int const code = sqlite3_step(statement);
        sqlite3_finalize(statement);
        REQUIRE(code == SQLITE_DONE);
    }

    static std::int64_t now() {
        auto const since = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
    }

    // One number, as in "SELECT count(*) FROM jobs".
    std::int64_t number(std::string const& sql) { return std::stoll(text(sql)); }
    std::string text(std::string const& sql) {
        sqlite3_stmt* select = nullptr;
        REQUIRE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &select, nullptr) == SQLITE_OK);
        REQUIRE(sqlite3_step(select) == SQLITE_ROW);
        auto const* const data = reinterpret_cast<char const*>(sqlite3_column_text(select, 0));
        std::string out = data == nullptr ? "" : data;
        sqlite3_finalize(select);
        return out;
    }

private:
    static void bind(sqlite3_stmt* statement, int at, Value const& value) {
        if (auto const* number = std::get_if<std::int64_t>(&value))
            sqlite3_bind_int64(statement, at, *number);
        else if (auto const* real = std::get_if<double>(&value))
            sqlite3_bind_double(statement, at, *real);
        else if (auto const* words = std::get_if<std::string>(&value))
            sqlite3_bind_text64(statement, at, words->data(), words->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        else if (auto const* blob = std::get_if<Blob>(&value))
            sqlite3_bind_blob64(statement, at, blob->bytes.data(), blob->bytes.size(), SQLITE_TRANSIENT);
        else
            sqlite3_bind_null(statement, at);
    }

    sqlite3* handle_ = nullptr;
};

class Stage {
public:
    Stage();
    // Stops the worker, and demands that it ended in order.
    ~Stage();

    std::string path() const { return directory_.file("q.db"); }
    std::string url() const { return "sqlite:" + path() + "?durability=normal"; }

    Stranger& stranger() { return *stranger_; }
    cohort::BlockingClient& client() { return *client_; }
    // Another broker on the same file, for what clients do not show.
    cohort::Broker& broker() { return *broker_; }
    cohort::Worker& worker() { return *worker_; }

    // Begins the worker, which knows the jobs of stage.cpp.
    void start(cohort::WorkerOptions options = {});
    // How a job of the queue "default" ended; waits for seconds, not longer.
    cohort::Outcome<cohort::Json> outcome_of(std::string const& id);
    // True when a job that fits is done: the worker lives and takes jobs.
    bool still_works();

private:
    support::TempDir directory_;
    std::shared_ptr<cohort::Broker> broker_;
    std::unique_ptr<Stranger> stranger_;
    std::unique_ptr<cohort::BlockingClient> client_;
    std::unique_ptr<cohort::Worker> worker_;
    std::unique_ptr<cohort::BackgroundWorker> running_;
};

}  // namespace inputs
