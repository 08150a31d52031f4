// SPDX-License-Identifier: MIT
// What an operation works with: a connection, its prepared statements, what is known of the queues, and what
// is to be rung once the transaction is committed.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/database.hpp"
#include "sqlite/row.hpp"

#include <cohort/inspector.hpp>
#include <cohort/record.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cohort::sqlite {

struct Queue {
    std::int64_t id = 0;
    bool paused = false;
    std::uint64_t max_length = 0;
    std::optional<std::uint64_t>
        waiting;  // counted at most once per transaction, and only for a bounded queue
};

// Whom a transaction concerns, once it is committed.
struct Effects {
    std::vector<std::int64_t> claimable;               // queues that have new work
    std::map<std::string, std::vector<JobRef>> ended;  // by client

    void clear() {
        claimable.clear();
        ended.clear();
    }
};

// Used by the thread of its connection.
class Session {
public:
    Session(Config const& config, ConnectionOptions options);

    Config const& config() const noexcept { return config_; }
    Database& database() noexcept { return database_; }
    // `sql` must live as long as the session: statements are known by its address.
    Statement& prepare(std::string const& sql);

    // The moment at which the present operation or transaction happens.
    Instant now() const noexcept { return now_; }
    Duration steady() const noexcept { return steady_; }
    void read_clock() noexcept;

    // The number of a queue that has been used before.
    std::optional<std::int64_t> find_queue(std::string_view name);
    // In a transaction: enters the queue when it is new; its settings are those of this transaction.
    Queue& queue(std::string const& name);
    std::string const& queue_name(std::int64_t id);

    // Is this life of a worker registered? In a transaction, where nobody else can change it.
    bool is_enlisted(std::string const& incarnation);
    // A registration was changed in this transaction.
    void forget_enlisted() noexcept { enlisted_.clear(); }

    // Throws Locked or Error.
    void begin();
    void commit();
    void rollback() noexcept;

    Effects effects;

    // When a lock of another program last ended that held up this connection for long, on the clock of
    // leases.
    Duration unblocked = -24h * 365 * 100;

private:
    Config const& config_;
    Database database_;
    std::unordered_map<std::string const*, Statement> statements_;
    std::map<std::string, std::int64_t, std::less<>> queue_ids_;
    std::unordered_map<std::int64_t, std::string> queue_names_;
    std::map<std::string, Queue, std::less<>> queues_;   // of this transaction
    std::map<std::string, bool, std::less<>> enlisted_;  // of this transaction
    Instant now_{};
    Duration steady_{};
};

}  // namespace cohort::sqlite
