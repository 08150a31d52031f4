// SPDX-License-Identifier: MIT
// The door in front of every broker: it batches without delay, gives every call a deadline, maps errors,
// measures and logs. Clients and workers never call a broker but through it.
#pragma once

#include "broker/gather.hpp"

#include <cohort/broker.hpp>
#include <cohort/time.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <string_view>

namespace cohort {

enum class Verb : std::uint8_t {
    push,
    enlist,
    renew,
    retire,
    claim,
    settle,
    cancel,
    status,
    results,
    watch,
    upkeep,
    forget
};
inline constexpr std::size_t verb_count = 12;
std::string_view to_string(Verb verb) noexcept;

// What has passed through the door since it was made.
struct VerbStats {
    std::atomic<std::uint64_t> calls = 0;   // of the broker
    std::atomic<std::uint64_t> items = 0;   // jobs in them
    std::atomic<std::uint64_t> errors = 0;  // calls that threw
    std::atomic<std::uint64_t> micros = 0;  // time in calls
};

// Thread-safe. Every call ends with a result, an Error, or Asio's operation_aborted, at the latest when
// `deadline` (plus, for claim and watch, their wait) has passed. A call that passed its deadline throws
// unavailable when it certainly did nothing, and uncertain when it may have.
class Front {
public:
    // `who` calls, for the log: "client shop".
    Front(std::shared_ptr<Broker> broker, Duration deadline, std::string who = {});

    Broker& broker() const noexcept { return *broker_; }
    std::shared_ptr<Broker> const& share() const noexcept { return broker_; }
    Duration deadline() const noexcept { return deadline_; }
    std::string_view who() const noexcept { return who_; }

    // Those of one job are gathered.
    using Push = Gather<NewJob, PushResult>::Question;
    awaitable<PushResult> push(std::shared_ptr<Push> job);
    awaitable<std::optional<JobRecord>> status(JobRef ref);
    awaitable<CancelVerdict> cancel(JobRef ref);

    // Those of many go by themselves, in pieces of at most `most_per_call`. A piece of new jobs that fails is
    // refused or uncertain, job by job; it does not throw.
    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs);
    awaitable<std::vector<Ending>> results(std::vector<JobRef> refs);
    awaitable<std::vector<bool>> forget(std::vector<JobRef> refs);
    awaitable<std::vector<Verdict>> settle(std::vector<Settlement> settlements);

    awaitable<void> enlist(WorkerInfo worker);
    awaitable<BeatReply> renew(Beat beat);
    awaitable<void> retire(std::string incarnation);
    awaitable<ClaimReply> claim(ClaimParams params);
    awaitable<std::vector<EndedJob>> watch(WatchParams params);
    awaitable<UpkeepReply> upkeep(UpkeepParams params);

    VerbStats const& stats(Verb verb) const noexcept { return stats_[static_cast<std::size_t>(verb)]; }

    static constexpr std::size_t most_per_call = 500;

private:
    template<class T>
    awaitable<T> pass(Verb verb, std::size_t items, std::string about, awaitable<T> call, Duration limit,
                      bool shielded);
    template<class Item, class Reply>
    awaitable<std::vector<Reply>> in_one(std::vector<Item> items, Verb verb,
                                         awaitable<std::vector<Reply>> (Broker::*call)(std::vector<Item>));
    template<class Item, class Reply>
    awaitable<std::vector<Reply>> in_pieces(std::vector<Item> items, Verb verb,
                                            awaitable<std::vector<Reply>> (Broker::*call)(std::vector<Item>));
    awaitable<std::vector<PushResult>> push_piece(std::vector<NewJob> jobs);
    void count(Verb verb, std::size_t items, Duration took, bool has_failed);
    // At level debug.
    void say(Verb verb, std::size_t items, std::string const& about, std::string_view reply,
             Duration took) const;

    std::shared_ptr<Broker> const broker_;
    Duration const deadline_;
    std::string const who_;
    std::array<VerbStats, verb_count> stats_;
    Gather<NewJob, PushResult> pushes_;
    Gather<JobRef, std::optional<JobRecord>> statuses_;
    Gather<JobRef, CancelVerdict> cancels_;
};

}  // namespace cohort
