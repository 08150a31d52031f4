// SPDX-License-Identifier: MIT
// The verb claim: one attempt to take jobs, and the waiting between two of them.
#include "memory/store.hpp"

#include <cohort/id.hpp>

#include <algorithm>

namespace cohort::memory {

namespace {

// So many jobs at most fall due or expire in one step, so that a crowd of them does not keep heartbeats from
// the lock.
constexpr std::uint32_t due_per_step = 1000;

}  // namespace

struct Store::Taking {
    Session& session;
    ClaimParams const& params;
    Instant now;
    std::uint32_t budget = due_per_step;
    Id const incarnation{params.incarnation};
    std::vector<JobRecord> jobs = {};

    bool is_full() const noexcept { return jobs.size() >= params.limit; }

    // All that is due becomes claimable before the first job is taken: it may have the highest priority.
    void promote(Queue& queue) {
        while (budget > 0 && queue.next_due() <= now) {
            --budget;
            session.alter(queue, *queue.waiting().begin(),
                          [&](JobRecord& record) { return fall_due(record, now); });
        }
    }

    // The same claim once more: what it was given then and still runs. Also where it comes late, after its
    // successor.
    bool repeat(Holding const& holding) {
        bool const had_jobs = params.number == holding.last_claim && holding.gave;
        if (!had_jobs && params.number >= holding.last_claim) return false;
        for (Job const& job : holding.jobs) {
            if (job.record.token->claim == params.number) jobs.push_back(job.record);
        }
        return true;
    }
};

void Store::take_from(Taking& taking, Holding& holding) {
    Queue& queue = holding.queue;
    holding.last_claim = taking.params.number;
    holding.gave = false;
    // Moving whole records is what growing would cost.
    auto const most = std::min<std::size_t>(queue.claimable().size(), taking.params.limit);
    taking.jobs.reserve(taking.jobs.size() + std::min<std::size_t>(most, 256));
    while (!queue.paused && !taking.is_full() && taking.budget > 0 && !queue.claimable().empty()) {
        Job& job = *queue.claimable().begin();
        if (taking.now > job.record.expires) {
            --taking.budget;
            taking.session.alter(queue, job, [&](JobRecord& record) { return expire(record, taking.now); });
            continue;
        }
        queue.alter(job, [&](JobRecord& record) {
            cohort::claim(record, Token{taking.incarnation, taking.params.number}, taking.now);
            job.holder = &holding;
            return true;
        });
        holding.gave = true;
        taking.jobs.push_back(job.record);
    }
}

Store::ClaimStep Store::claim(Door const& door, ClaimParams const& params, Duration until, Waiter* waiter) {
    ClaimStep step;
    Session session{*this, door};
    if (waiter != nullptr) stand_up(*waiter);

    step.is_answer = true;
    Life* const life = find_life(params.incarnation);
    step.reply.retired = life == nullptr;
    if (life == nullptr) return step;
    boost::container::small_vector<Holding*, 4> from;
    for (std::string const& name : params.queues) {
        Queue const* const served = find_queue(name);
        Holding* const holding = served == nullptr ? nullptr : life->holding(*served);
        if (holding == nullptr)
            throw Error{errc::invalid_queue_name, "the worker is not enlisted on queue " + name};
        if (std::find(from.begin(), from.end(), holding) == from.end()) from.push_back(holding);
    }

    Taking taking{session, params, clock.now()};
    Instant next_due = never;
    for (Holding* const holding : from) {
        session.touch(holding->queue);
        if (holding->queue.paused) continue;
        taking.promote(holding->queue);
        next_due = std::min(next_due, holding->queue.next_due());
    }
    boost::container::small_vector<Holding*, 4> fresh;
    for (Holding* const holding : from) {
        if (!taking.repeat(*holding)) fresh.push_back(holding);
    }
    bool const is_repeat = fresh.size() < from.size();
    if (taking.budget > 0) {
        for (Holding* const holding : fresh)
            take_from(taking, *holding);
    }
    if (!taking.jobs.empty() || is_repeat) {
        step.reply.jobs = std::move(taking.jobs);
        return step;
    }
    if (taking.budget == 0) {
        step.is_answer = false;
        return step;
    }

    if (next_due != never) step.reply.next_due = next_due - taking.now;
    Duration const steady = clock.steady();
    if (steady >= until) return step;
    step.is_answer = false;
    step.pause = until - steady;
    if (waiter == nullptr) return step;
    waiter->door = &door;
    waiter->incarnation = params.incarnation;
    waiter->seats.reserve(from.size());
    for (Holding* const holding : from) {
        Queue& queue = holding->queue;
        Seat& seat = waiter->seats.emplace_back(*waiter, queue);
        bool const is_sentry = queue.line.sit(seat, queue.paused ? never : queue.next_due());
        if (is_sentry) step.pause = std::min(step.pause, queue.next_due() - taking.now);
    }
    return step;
}

void Store::dismiss(Waiter& waiter) {
    Session session{*this};
    for (Seat const& seat : waiter.seats)
        session.touch(*seat.queue);
    if (waiter.roused_by != nullptr) session.touch(*waiter.roused_by);
    stand_up(waiter);
}

}  // namespace cohort::memory
