// SPDX-License-Identifier: MIT
// The loop that takes jobs: never more than there are free slots.
#include "io/aborted.hpp"
#include "io/alarm.hpp"
#include "worker/run.hpp"
#include "worker/shared.hpp"
#include "worker/suspects.hpp"

#include <cohort/id.hpp>
#include <cohort/log.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <unistd.h>

namespace cohort {

namespace {

WorkerInfo introduce(WorkerOptions const& options, std::string incarnation) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    WorkerInfo info;
    info.incarnation = std::move(incarnation);
    info.name = options.name;
    info.host = host.data();
    info.pid = getpid();
    info.queues = options.queues;
    info.slots = options.concurrency;
    info.lease = options.lease;
    return info;
}

// What the program's own generator makes may come again in its next life: the random end does not.
std::string name_life(IdGenerator const& ids) {
    if (!ids) return random_id();
    std::string name = ids();
    check_job_id(name);
    std::replace(name.begin(), name.end(), ':', '-');  // which is what a token has behind it
    return name + "." + random_id().substr(0, 16);
}

awaitable<void> begin_life(Worker::Shared& shared) {
    std::string const incarnation = name_life(shared.options.ids);
    WorkerInfo info = introduce(shared.options, incarnation);
    co_await shared.front.enlist(std::move(info));
    std::lock_guard lock{shared.mutex};
    shared.life = Life{incarnation, 0};
}

// Takes one claim to its end. The number is repeated until it is answered, so that a lost reply strands no
// jobs.
awaitable<void> claim_once(std::shared_ptr<Worker::Shared> const& shared, Life const& life,
                           std::uint32_t slots) {
    ClaimParams params;
    params.incarnation = life.incarnation;
    params.queues = shared->turns.next();
    params.limit = slots;
    params.number = life.last_claim + 1;
    params.wait = std::min<Duration>(shared->options.lease / 3, 10s);
    auto const asked = system_clock().steady();
    ClaimReply reply = co_await shared->front.claim(std::move(params));
    if (reply.retired) {
        shared->lose_life(life.incarnation);
        co_return;
    }
    auto const claimed = reply.jobs.size();
    // This worker may have slept in between, and its jobs may be somebody else's: it starts none of them.
    if (system_clock().steady() - asked >= shared->options.lease) {
        hand_back_all(*shared, reply.jobs);
        reply.jobs.clear();
    }
    auto jobs = co_await set_suspects_apart(*shared, std::move(reply.jobs));
    // Retired meanwhile: others have them.
    if (shared->current_life().incarnation == life.incarnation) execute(shared, std::move(jobs));
    // After that: what is of an answered claim and does not run is taken for stray.
    std::lock_guard lock{shared->mutex};
    shared->stats.claimed += claimed;
    if (shared->life.incarnation == life.incarnation) shared->life.last_claim = life.last_claim + 1;
}

awaitable<void> claim_round(std::shared_ptr<Worker::Shared> const& shared) {
    auto const executor = co_await boost::asio::this_coro::executor;
    auto const now = io::steady_now(executor);
    auto const slots = shared->free_slots(now);
    if (slots == 0) {
        auto const until = shared->reserved_until();
        if (until)
            co_await shared->slot_free.wait_for(*until - now);
        else
            co_await shared->slot_free.wait();
        co_return;
    }
    auto const life = shared->current_life();
    if (life.incarnation.empty())
        co_await begin_life(*shared);
    else
        co_await claim_once(shared, life, slots);
}

}  // namespace

awaitable<void> claim_jobs(std::shared_ptr<Worker::Shared> shared) {
    struct End {
        ~End() {
            shared.claiming = false;
            shared.claimed_last.wake();
        }
        Worker::Shared& shared;
    };
    End const end{*shared};
    std::uint32_t failures = 0;
    while (!shared->stopping) {
        std::exception_ptr trouble;
        try {
            co_await claim_round(shared);
            failures = 0;
        } catch (...) {
            trouble = std::current_exception();
        }
        if (!trouble) continue;
        if (io::is_aborted(trouble)) co_return;
        report(*shared, "claiming", trouble, ++failures);
        co_await io::sleep_for(pause_after_trouble(*shared, failures));
    }
}

}  // namespace cohort
