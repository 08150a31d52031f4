// SPDX-License-Identifier: MIT
// All that one in-process store holds, behind one lock: queues, workers' lives, and the clients that watch.
#pragma once

#include "base/ended_limits.hpp"
#include "memory/queue.hpp"

#include <cohort/broker.hpp>

#include <boost/container/small_vector.hpp>

#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>

namespace cohort::memory {

// Saturates.
inline Duration later(Duration now, Duration span) noexcept {
    return span > Duration::max() - now ? Duration::max() : now + span;
}

// One Broker object on a store: closing it ends its own waits only.
class Door {
public:
    explicit Door(EndedLimits its_limits) : limits{its_limits} {}

    EndedLimits const limits;  // by which its upkeep goes
    bool is_closed = false;
};

// One worker, from enlist to retire.
struct Life {
    WorkerInfo info;
    Duration deadline{0};                            // by the steady clock
    std::vector<std::unique_ptr<Holding>> holdings;  // per queue

    Holding* holding(Queue const& queue) const noexcept;
};

// Whom to tell of ended jobs.
struct Watcher {
    std::vector<EndedJob> ended;     // and not yet told
    std::shared_ptr<io::Wake> wake;  // while a watch waits
    Door const* door = nullptr;
    bool has_watched = false;
    Duration last_seen{0};
};

struct StringHash : std::hash<std::string_view> {
    using is_transparent = void;
};

template<class T>
using ByName = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

// Thread-safe. Every function is one atomic step; none waits, and no coroutine is resumed under the lock.
class Store {
public:
    explicit Store(Clock const& its_clock) : clock{its_clock} {}

    std::vector<PushResult> push(Door const& door, std::vector<NewJob> jobs);
    std::vector<Verdict> settle(Door const& door, std::vector<Settlement> settlements);
    std::vector<CancelVerdict> cancel(Door const& door, std::vector<JobRef> const& refs);
    std::vector<bool> forget(Door const& door, std::vector<JobRef> const& refs);
    std::vector<std::optional<JobRecord>> status(Door const& door, std::vector<JobRef> const& refs);
    std::vector<Ending> results(Door const& door, std::vector<JobRef> const& refs);

    void enlist(Door const& door, WorkerInfo worker);
    BeatReply renew(Door const& door, Beat const& beat);
    void retire(Door const& door, std::string const& incarnation);
    UpkeepReply upkeep(Door const& door, UpkeepParams const& params);

    struct ClaimStep {
        bool is_answer = false;  // the reply is to be given
        ClaimReply reply;
        Duration pause{0};  // else: wait so long to be woken, and try again
    };
    // `until` is when the claim gives up, by the steady clock. With a waiter, it sits down where the step is
    // no answer.
    ClaimStep claim(Door const& door, ClaimParams const& params, Duration until, Waiter* waiter);
    // The claim of this waiter is over, one way or another.
    void dismiss(Waiter& waiter);

    // True when the watch is over and `ended` has what is to be told; else `wake` is rung as soon as there is
    // something. `is_first`: the watch begins, and another one of the same client ends.
    bool watch(Door const& door, std::string const& client, std::shared_ptr<io::Wake> const& wake,
               bool is_first, std::vector<EndedJob>& ended);
    void unwatch(std::string const& client, std::shared_ptr<io::Wake> const& wake);

    void close(Door& door) noexcept;

    // The lock, and what is to be done when it is released. Nobody uses the members below without one.
    class Session {
    public:
        explicit Session(Store& store) : store_{store}, lock_{store.mutex_} {}
        // Throws Error(errc::closed).
        Session(Store& store, Door const& door);
        ~Session();
        Session(Session const&) = delete;
        Session& operator=(Session const&) = delete;

        // Jobs may have become claimable or due here: its line is looked after at the end.
        void touch(Queue& queue);
        // A change of state, with all that belongs to it. The job may be gone afterwards.
        template<class Change>
        auto alter(Queue& queue, Job& job, Change change) {
            auto const result = queue.alter(job, std::move(change));
            touch(queue);
            if (is_terminal(job.record.state)) ended(queue, job);
            return result;
        }
        void tell(JobRecord const& record);

        Bells bells;

    private:
        void ended(Queue& queue, Job& job);

        Store& store_;
        std::unique_lock<std::mutex> lock_;
        boost::container::small_vector<Queue*, 4> touched_;
    };

    Queue& queue(std::string_view name);             // made when there is none
    Queue* find_queue(std::string_view name) const;  // mostly the one of before
    Job* find(JobRef const& ref, Instant now) const;
    Life* find_life(std::string_view incarnation) const;

    Clock const& clock;
    std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues;  // never removed: they are referred to
    ByName<std::unique_ptr<Life>> lives;

private:
    PushResult push_one(Session& session, NewJob&& job, Instant now);
    struct Taking;
    void take_from(Taking& taking, Holding& holding);
    void end(Session& session, Life& life);
    void keep_up(Session& session, Queue& queue, std::uint32_t limit, Instant now, UpkeepReply& reply);
    void forget_old(Queue& queue, EndedLimits const& limits, std::uint32_t limit, Instant now,
                    UpkeepReply& reply);
    void forget_idle_watchers();

    std::mutex mutex_;
    std::unordered_map<Id, Watcher> watchers_;
    mutable Queue* last_queue_ = nullptr;
};

}  // namespace cohort::memory
