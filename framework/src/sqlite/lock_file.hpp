// SPDX-License-Identifier: MIT
// Where the writers of all processes queue before they ask SQLite for its write lock, which has no queue of
// its own. docs/decisions/0003-writers-queue-on-a-lock-file.md says why, and why it cannot get stuck.
#pragma once

#include "sqlite/descriptor.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace cohort::sqlite {

// Only fairness depends on it: SQLite's own lock is what keeps writers apart. So a holder that hangs is
// passed over, and where there is no lock file (a full table, no right to make one) everybody simply goes on.
//
// One per broker object; thread-safe.
class LockFile {
public:
    enum class Rank : std::uint32_t { beat = 1, job = 2 };  // beats go first

    // One thread's place in the queue.
    class Place {
    public:
        explicit Place(LockFile& file, Rank rank);
        ~Place();
        Place(Place const&) = delete;
        Place& operator=(Place const&) = delete;

        // Waits for its turn.
        void enter();
        void leave() noexcept;

    private:
        LockFile& file_;
        Rank const rank_;
        int slot_ = -1;  // none: it does not queue
        std::uint64_t turn_ = 0;
    };

    // Never throws for what is wrong with the file; says so in the log.
    explicit LockFile(std::string const& path);
    ~LockFile();
    LockFile(LockFile const&) = delete;
    LockFile& operator=(LockFile const&) = delete;

    // For tests: does it queue at all?
    bool works() const noexcept { return shared_ != nullptr; }

    // Counted by whoever has committed something, before it leaves.
    void count_commit() noexcept;
    std::uint64_t commits() const noexcept;

    // True for one LockFile among all processes, until it is destroyed or its process dies.
    bool take_checkpointer() noexcept;
    // Wakes the checkpointer, wherever it is.
    void ask_checkpoint() noexcept;
    // Waits until it is asked, or for so long. `seen` is what the last call gave.
    std::uint32_t wait_asked(std::uint32_t seen, std::chrono::milliseconds span) noexcept;

private:
    static constexpr int most_slots = 250;
    struct Shared;

    void open(std::string const& path);
    int take_slot();
    void give_slot(int slot) noexcept;
    bool is_alive(int slot) noexcept;
    int next_waiting() noexcept;
    void wait(int slot, std::uint64_t turn, Rank rank);

    Descriptor file_;
    Shared* shared_ = nullptr;
    // Slots of this object, which the system does not tell from free ones.
    std::array<std::atomic<bool>, most_slots> own_{};
};

}  // namespace cohort::sqlite
