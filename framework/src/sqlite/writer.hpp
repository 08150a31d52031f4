// SPDX-License-Identifier: MIT
// The thread that writes: it takes all operations that are there, performs as many as fit into one
// transaction, commits, and tells everybody whom that concerns. Claims that found nothing wait here.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/doorbell.hpp"
#include "sqlite/inbox.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/session.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

namespace cohort::sqlite {

struct WriterOptions {
    char const* name = "cohort-sqlite";  // of the thread
    Durability durability = Durability::full;
    LockFile::Rank rank = LockFile::Rank::job;
};

class Writer {
public:
    Writer(Config const& config, LockFile& lock_file, std::shared_ptr<Inbox> inbox, WriterOptions options);
    // Performs what was accepted, ends what waits with Error(errc::closed), and joins.
    ~Writer();
    Writer(Writer const&) = delete;
    Writer& operator=(Writer const&) = delete;

private:
    using Clock = std::chrono::steady_clock;

    struct Item {
        std::shared_ptr<Operation> operation;
        bool partial = false;  // some of it is committed: it must be carried through
        Progress progress = Progress::more;
    };

    void run();
    void open();
    void accept();
    void look_at(std::shared_ptr<Operation> operation);
    void look_at_waiting();
    void park(std::shared_ptr<Operation> operation);
    // One transaction. False when somebody else holds the lock.
    bool transact();
    void perform_batch(std::vector<Item>& batch);
    void undo(std::vector<Item>& batch, std::exception_ptr error);
    void complete(std::vector<Item>& batch);
    void tell(Effects const& effects);
    Inbox::Deadline next_look() const;
    void set_blocked(bool blocked);
    void end_waiting();
    void end_all(std::exception_ptr error);

    static int after_commit(void* writer, sqlite3*, char const*, int pages);

    Config const& config_;
    WriterOptions const options_;
    LockFile& lock_file_;
    LockFile::Place place_;
    std::shared_ptr<Inbox> const inbox_;
    std::unique_ptr<Session> session_;
    Ringer ringer_;
    Ear ear_;
    std::deque<Item> todo_;
    std::vector<std::shared_ptr<Operation>> waiting_;
    std::vector<std::int64_t> rung_;  // queues that have got work since the waiting ones looked
    Clock::time_point last_look_{};
    Clock::time_point blocked_since_{};
    int wal_asked_ = 0;  // pages that the WAL had when a checkpoint was last asked for
    Inbox::Soon soon_ = Inbox::Soon::hardly;
    std::size_t alone_ = 0;  // so many operations are to have a transaction of their own
    std::thread thread_;     // last: it uses all of the above
};

}  // namespace cohort::sqlite
