// SPDX-License-Identifier: MIT
// Who waits for the end of which job, and the loop that finds out.
#pragma once

#include "broker/front.hpp"
#include "io/wake.hpp"

#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cohort {

// The jobs that one coroutine waits for. Their endings come in the order in which they became known.
class Completions {
public:
    explicit Completions(std::vector<JobRef> refs);

    std::vector<JobRef> const& refs() const noexcept { return refs_; }
    std::size_t left() const noexcept;  // endings not yet given out
    // The index of the next job whose ending is known, or nothing when `span` passes first. Throws
    // Error(closed).
    awaitable<std::optional<std::size_t>> next(Duration span);
    Ending& ending(std::size_t index) { return *endings_[index]; }

private:
    friend class Waits;
    void put(std::size_t index, Ending ending);
    void close();

    std::vector<JobRef> const refs_;
    mutable std::mutex mutex_;
    std::vector<std::optional<Ending>> endings_;
    std::vector<std::size_t> ready_;  // in the order in which they became known
    std::size_t given_ = 0;           // of them
    bool closed_ = false;
    io::Wake woken_;
};

// Thread-safe. Subscribe, then read, then wait, then read again: a notification is a hint, and `poll` alone
// is enough.
class Waits {
public:
    Waits(Front& front, std::string client, Duration poll);

    // This job is about to be pushed by us: of its end we shall hear, so nobody needs to read how it is
    // before he waits. forget_push() when it was not stored.
    void expect(JobRef const& ref);
    void forget_push(JobRef const& ref);

    // Registers a wait for one job of whose end we shall hear; null when it has to be read first.
    std::shared_ptr<Completions> add_fresh(JobRef const& ref);
    // Registers, reads what is known already, and gives the rest as it comes; until remove(). Throws what
    // reading throws.
    awaitable<void> add(std::shared_ptr<Completions> completions);
    void remove(Completions const& completions) noexcept;
    // The loop: runs until it is cancelled or the broker is closed.
    awaitable<void> run();
    // Ends every wait with Error(closed), now and later.
    void close();

private:
    struct Place {
        std::shared_ptr<Completions> completions;
        std::size_t index;
    };
    awaitable<void> read_all();
    void deliver(JobRef const& ref, Ending ending);
    bool is_awaited(JobRef const& ref);
    void forget_fresh();

    Front& front_;
    std::string const client_;
    Duration const poll_;
    std::mutex mutex_;
    std::unordered_multimap<JobRef, Place, JobRefHash> places_;
    // Jobs of ours that nobody waits for yet, with their ending once it is known; a bounded number of the
    // youngest.
    using Fresh = std::unordered_map<JobRef, std::optional<Ending>, JobRefHash>;
    Fresh fresh_;
    Fresh older_;
    bool hears_ = false;  // a watch has begun, so no end goes by unheard
    bool closed_ = false;
    io::Wake first_;  // there is somebody to wait for
};

}  // namespace cohort
