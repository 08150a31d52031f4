// SPDX-License-Identifier: MIT
// How a worker's life hears of work in the store: a consumer on the tickets of its queues, for as long as it
// has slots that wait.
#pragma once

#include "io/alarm.hpp"
#include "rabbitmq/engine.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cohort::rabbitmq {

// What had been heard when a claim began to look into the store.
struct Mark {
    std::uint64_t opening = 0;  // which consumer gave the tickets
    std::uint64_t ticket = 0;   // the last one; 0 = none
    std::uint64_t news = 0;
};

// A ticket is taken for good by a look that has left nothing in the store. Until then it is held, and goes
// to somebody else when this worker does not come back.
class Ear : public std::enable_shared_from_this<Ear> {
public:
    explicit Ear(EnginePtr engine) : engine_{std::move(engine)} {}

    // ---- for claims, on any thread

    // A claim has begun; until it leaves again.
    void enter();
    void leave();
    Mark mark() const;
    // Whoever looked after `mark` has taken all that there was.
    void found_no_more(Mark const& mark);
    // Until there is news since `mark`, or for so long. Cancellation throws operation_aborted.
    awaitable<void> listen(Mark mark, std::vector<std::string> queues, Duration span);
    // There is something to look at that no ticket tells of.
    void wake();

    // ---- on the engine's executor

    // Nothing is heard any more.
    void close();

private:
    using Steady = std::chrono::steady_clock;

    // With `mutex_` held.
    bool hears(std::vector<std::string> const& queues);
    void tell();

    awaitable<void> open();
    awaitable<void> consume(std::vector<std::string> queues);
    void drop();
    void drop_and_tell();
    void drop_later();
    void take(std::uint64_t opening, std::uint64_t ticket);
    void rest();
    void look_at_rest();

    EnginePtr const engine_;

    std::mutex mutable mutex_;  // of what follows up to `channel_`
    std::vector<std::shared_ptr<io::Wake>> waiting_;
    std::vector<std::string> queues_;  // that are, or shall be, heard; sorted
    bool is_open_ = false;
    bool is_opening_ = false;
    bool is_closed_ = false;
    bool is_resting_ = false;  // somebody looks whether it still claims
    std::uint32_t claims_ = 0;
    std::uint64_t opening_ = 0;
    std::uint64_t ticket_ = 0;
    std::uint64_t taken_ = 0;  // for good
    std::uint64_t news_ = 0;
    Steady::time_point left_{};
    Steady::time_point held_{};  // since when it has had a ticket that is not taken for good

    ChannelPtr channel_;
    bool is_told_ = false;  // that nobody calls it; until somebody can again
    std::optional<io::Alarm> rest_;
};
using EarPtr = std::shared_ptr<Ear>;

}  // namespace cohort::rabbitmq
