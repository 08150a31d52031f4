// SPDX-License-Identifier: MIT
// What an operation works with: a connection, its prepared statements, what is known of the queues, and what
// is to be rung once the transaction is committed.
#pragma once

#include "base/failpoint.hpp"
#include "sqlite/config.hpp"
#include "sqlite/database.hpp"
#include "sqlite/guard.hpp"
#include "sqlite/row.hpp"

#include <cohort/inspector.hpp>
#include <cohort/record.hpp>

#include <chrono>
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
    std::vector<std::int64_t> claimable;       // queues that have new work
    std::map<std::string, std::string> ended;  // by client: lines for its bell (notice.hpp)

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
    Guard& guard() noexcept { return guard_; }
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
    bool is_enlisted(std::string_view incarnation);
    // A registration was changed in this transaction.
    void forget_enlisted() noexcept {
        enlisted_.clear();
        claimer_.clear();
    }

    // A claim of this number has been looked into. Is the next one, made a moment later, a new one of a life
    // that goes on? What it may have is decided in its transaction; this is for whether to wait.
    void note_claim(std::string const& incarnation, std::uint64_t number);
    bool continues(std::string const& incarnation, std::uint64_t number) const;

    // What was claimed through this session, so that its settling need not look for it. Only a hint: what the
    // database says decides.
    struct Held {
        std::int64_t seq = 0;
        std::int64_t queue = 0;
        std::uint32_t attempt = 0;
        Instant started{};
        Duration keep_result{};
        std::uint64_t argument_bytes = 0;
        std::string client;
    };
    void hold(Row const& row);
    // Nothing when it was not claimed here, or is no simple case: it has a past, or a unique key.
    Held const* held(JobRef const& ref) const;
    void let_go(JobRef const& ref) { held_.erase(ref); }

    // A job has come to its end in this transaction, and is kept. Successes are stored as counted some at a
    // time: for one alone it would be a page more to write. A process that is killed leaves those uncounted.
    void count_ended(std::int64_t queue, JobState state, std::uint64_t bytes);
    bool has_uncounted() const noexcept { return !uncounted_.empty(); }
    // In a transaction: stores all that was counted here and in those before it.
    void store_counts();

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
    Guard guard_;
    std::unordered_map<std::string const*, Statement> statements_;
    std::map<std::string, std::int64_t, std::less<>> queue_ids_;
    std::unordered_map<std::int64_t, std::string> queue_names_;
    std::map<std::string, Queue, std::less<>> queues_;   // of this transaction
    std::map<std::string, bool, std::less<>> enlisted_;  // of this transaction
    struct Count {
        std::int64_t queue = 0;
        bool succeeded = false;
        std::int64_t jobs = 0;
        std::int64_t bytes = 0;
    };
    using Counts = std::vector<Count>;
    static void add_count(Counts& counts, Count const& more);
    void store(Counts const& counts);
    bool must_count() const noexcept;
    Counts counts_;            // of this transaction
    Counts uncounted_;         // of those before it
    bool has_stored_ = false;  // in this transaction
    std::unordered_map<JobRef, Held, JobRefHash> held_;
    std::string claimer_;  // who has claimed last, with what number, and when that was looked into
    std::uint64_t claim_no_ = 0;
    std::chrono::steady_clock::time_point claim_checked_{};
    Instant now_{};
    Duration steady_{};
    std::optional<NotToBeStopped> in_transaction_;
};

}  // namespace cohort::sqlite
