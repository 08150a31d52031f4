// SPDX-License-Identifier: MIT
// Who waits for the end of which job, and the two loops that find out.
#pragma once

#include "base/recycled.hpp"
#include "broker/front.hpp"
#include "broker/heard.hpp"
#include "io/spin_lock.hpp"
#include "io/wake.hpp"

#include <cohort/under_way.hpp>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cohort {

// Its error is a text that a terminal and a log can take, whoever wrote it into the store.
void make_fit_for_people(Ending& ending);

// The jobs that one coroutine waits for. Their endings come in the order in which they became known.
class Completions {
public:
    using Refs = boost::container::small_vector<JobRef, 1>;
    explicit Completions(Refs&& refs);

    Refs const& refs() const noexcept { return refs_; }
    std::size_t left() const noexcept;  // endings not yet given out
    // The index of the next job whose ending is known, or nothing when `span` passes first. Throws what made
    // waiting useless: Error(closed), not_supported, auth_failed, …
    awaitable<std::optional<std::size_t>> next(Duration span);
    // The same without waiting; woken() is woken when there may be more.
    std::optional<std::size_t> next_at_hand();
    io::Wake const& woken() const noexcept { return woken_; }
    Ending& ending(std::size_t index) { return *endings_[index]; }
    Duration begun{};  // for who lists what is under way

private:
    friend class Waits;
    void put(std::size_t index, Ending&& ending);
    void fail(errc code, std::string detail);

    Refs const refs_;
    mutable io::SpinLock mutex_;
    boost::container::small_vector<std::optional<Ending>, 1> endings_;
    boost::container::small_vector<std::size_t, 1> ready_;  // in the order in which they became known
    std::size_t given_ = 0;                                 // of them
    // What is thrown is made anew each time: an exception that several threads share is nobody's.
    errc failure_ = errc::ok;
    std::string failure_detail_;
    io::Wake woken_;
};

// Subscribe, then read, then wait, then read again: a notification is a hint, and reading every `poll` alone
// is enough. Where a broker cannot be read, what it tells is all there is: it is kept for those who ask later
// or again, and nobody asks the broker. Nobody who waits calls the broker himself, so a wait ends when its
// own time is up, and a broker that is away for less than that is not noticed. Thread-safe.
class Waits {
public:
    // `is_named`: the client has an address of its own choice, where it is told of its earlier lives' jobs
    // too.
    Waits(Front& front, std::string client, Duration poll, bool is_named = false);

    // This job is about to be pushed by us: we shall hear of its end, so nobody needs to read how it is
    // before that. forget_push() when it was not stored.
    void expect(JobRef const& ref);
    void forget_push(JobRef const& ref);

    // What is told is all there is: listen from the first push on, since it may not be told twice.
    bool must_listen() const noexcept { return !can_read_; }

    // Registers; until remove(). What is known already is given soon, the rest as it comes. Throws
    // Error(closed), or Error(not_supported) for jobs of others that cannot be read.
    void add(std::shared_ptr<Completions> const& completions);
    // It may be left out for one whose endings are all known.
    void remove(Completions const& completions) noexcept;
    // The loops: each runs until it is cancelled or the broker is closed.
    awaitable<void> listen();
    awaitable<void> read();
    // Ends every wait with Error(closed), now and later.
    void close();
    // Each job that somebody waits for, once for each who does.
    void list(std::vector<UnderWay>& all, Duration now) const;
    // Why nothing can be read at present; "" when all is well.
    std::string trouble() const;

private:
    struct Place {
        std::shared_ptr<Completions> completions;
        std::size_t index;
    };
    // The ref is in the Completions. Its hash is taken once for all that is looked for.
    struct Key {
        explicit Key(JobRef const& its_ref) noexcept : ref{&its_ref}, hash{JobRefHash{}(its_ref)} {}

        JobRef const* ref;
        std::size_t hash;
    };
    struct ByKey {
        std::size_t operator()(Key const& key) const noexcept { return key.hash; }
        bool operator()(Key const& a, Key const& b) const noexcept {
            return a.hash == b.hash && *a.ref == *b.ref;
        }
    };
    using Places = std::unordered_multimap<Key, Place, ByKey, ByKey, Recycled<std::pair<Key const, Place>>>;

    awaitable<bool> listen_once(Duration span);
    awaitable<void> read_once(std::vector<JobRef> refs);
    std::vector<JobRef> take_wanted();
    void want_all();
    void deliver(JobRef const& ref, Ending&& ending);
    enum class News : std::uint8_t { none, coming, told };
    News news_of(Key const& key, Completions& completions);
    void give_heard(std::shared_ptr<Completions> const& completions);
    void fail_all(Error const& error);
    void forget_fresh();
    void fail(std::vector<JobRef> const& refs, Error const& error);
    void note_trouble(std::string text);
    void end_all();

    Front& front_;
    std::string const client_;
    Duration const poll_;
    bool const can_read_;
    bool const is_named_;
    mutable std::mutex mutex_;
    Places places_;
    std::vector<JobRef> wanted_;  // to be read
    // Jobs of ours that nobody waits for yet, with their endings once they are known; a bounded number of the
    // youngest. By the hash of their refs: where two have the same, at worst one of them is read.
    using Fresh = boost::unordered_flat_map<std::size_t, std::unique_ptr<EndedJob>>;
    Fresh fresh_;
    Fresh older_;
    Heard heard_;         // where we cannot read
    bool hears_ = false;  // a watch has begun, so no end goes by unheard
    bool closed_ = false;
    std::string trouble_;
    std::uint32_t failures_ = 0;
    io::Wake want_;
};

}  // namespace cohort
