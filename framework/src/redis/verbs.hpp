// SPDX-License-Identifier: MIT
// The verbs, one file each. They own what they use: a wait may outlive the Broker object, which ends it.
#pragma once

#include "redis/core.hpp"

#include <cohort/broker.hpp>

namespace cohort::redis {

using CorePtr = std::shared_ptr<Core>;

awaitable<std::vector<PushResult>> push(CorePtr core, std::vector<NewJob> jobs);
awaitable<void> enlist(CorePtr core, WorkerInfo worker);
awaitable<BeatReply> renew(CorePtr core, Beat beat);
awaitable<void> retire(CorePtr core, std::string incarnation);
awaitable<ClaimReply> claim(CorePtr core, ClaimParams params);
awaitable<std::vector<Verdict>> settle(CorePtr core, std::vector<Settlement> settlements);
awaitable<std::vector<CancelVerdict>> cancel(CorePtr core, std::vector<JobRef> refs);
awaitable<std::vector<bool>> forget(CorePtr core, std::vector<JobRef> refs);
// Operators see everything that is stored, also what only upkeep has not removed yet.
enum class Sight : std::uint8_t { known, stored };
awaitable<std::vector<std::optional<JobRecord>>> status(CorePtr core, std::vector<JobRef> refs,
                                                        Sight sight = Sight::known);
awaitable<std::vector<Ending>> results(CorePtr core, std::vector<JobRef> refs);
awaitable<std::vector<EndedJob>> watch(CorePtr core, WatchParams params);
awaitable<UpkeepReply> upkeep(CorePtr core, UpkeepParams params);

// The names of all queues of the namespace that were ever used.
awaitable<std::vector<std::string>> queue_names(CorePtr core);

// The end of a life on these queues and all others that it is known to be enlisted on.
enum class Farewell : std::uint8_t { released, lost };
awaitable<void> end_life(CorePtr core, std::string incarnation, std::vector<std::string> queues,
                         Farewell how);

// A script that takes all keys of a queue, and the arguments that lua/keys.lua tells of.
Call whole_queue_call(Core const& core, Script const& script, std::string const& queue,
                      std::vector<std::string> more);

// Those of one queue, in slices that do not keep the server busy for long. `at` says where each came from.
struct Slice {
    std::string queue;
    std::vector<std::size_t> at;
    std::size_t bytes = 0;
};
inline constexpr std::size_t most_per_call = 1000;
inline constexpr std::size_t most_bytes_per_call = 8 * 1024 * 1024;

inline bool is_full(Slice const& slice, std::size_t most = most_per_call) noexcept {
    return slice.at.size() >= most || slice.bytes >= most_bytes_per_call;
}

// `weigh` gives the bytes of an item, where they may be many.
template<class Items, class QueueOf, class Weigh>
std::vector<Slice> slice_by_queue(Items const& items, QueueOf queue_of, Weigh weigh) {
    std::vector<Slice> slices;
    for (std::size_t i = 0; i < items.size(); ++i) {
        Text const& queue = queue_of(items[i]);
        Slice* mine = nullptr;
        // The last one of this queue; there are few.
        for (auto& slice : slices) {
            if (slice.queue == queue) mine = &slice;
        }
        if (mine == nullptr || is_full(*mine)) mine = &slices.emplace_back(Slice{queue, {}, 0});
        mine->at.push_back(i);
        mine->bytes += weigh(items[i]);
    }
    return slices;
}

template<class Items, class QueueOf>
std::vector<Slice> slice_by_queue(Items const& items, QueueOf queue_of) {
    return slice_by_queue(items, queue_of, [](auto const&) { return std::size_t{0}; });
}

}  // namespace cohort::redis
