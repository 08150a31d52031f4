// SPDX-License-Identifier: MIT
// The file of a scenario, read with SQLite's C API and nothing of Cohort's; a trigger in it keeps the history
// of every job.
#pragma once

#include "faults/store.hpp"

#include <sqlite3.h>

namespace faults {

// A connection of a program that knows nothing of Cohort.
class Onlooker {
public:
    explicit Onlooker(std::string const& path, std::chrono::milliseconds patience = 10s);
    ~Onlooker();
    Onlooker(Onlooker const&) = delete;
    Onlooker& operator=(Onlooker const&) = delete;

    // Throws std::runtime_error with SQLite's message.
    void execute(std::string const& sql);
    // One column, all rows, as text.
    std::vector<std::string> column(std::string const& sql);
    void each(std::string const& sql, std::function<void(sqlite3_stmt*)> const& row);

private:
    sqlite3* handle_ = nullptr;
};

class SqliteStore : public Store {
public:
    explicit SqliteStore(StoreParams const& params);

    std::shared_ptr<cohort::Broker> open() override;
    std::unique_ptr<Hand> start_worker(WorkerSetup const& setup) override;
    std::string url() const override { return "sqlite:" + path_ + options_; }
    std::vector<StoredJob> read() override;
    std::size_t unfinished() override;
    std::vector<Change> changes() override;
    std::size_t enlisted() override;
    std::string dump() override;
    bool is_held() override;
    std::vector<std::string> damage() override;

    std::string const& path() const noexcept { return path_; }
    // Puts the trigger into a new file.
    void install_history();

private:
    std::string const path_;
    std::string const folder_;
    std::string const ledger_;
    std::string const options_;
};

}  // namespace faults
