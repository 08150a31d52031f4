// SPDX-License-Identifier: MIT
// The verbs about workers' lives, and what upkeep does when one has ended.
#include "memory/store.hpp"

#include <cohort/id.hpp>

#include <algorithm>

namespace cohort::memory {

void Store::enlist(Door const& door, WorkerInfo worker) {
    if (worker.incarnation.empty()) throw Error{errc::invalid_config, "a worker needs an incarnation"};
    if (worker.queues.empty()) throw Error{errc::invalid_queue_name, "a worker needs at least one queue"};
    for (std::string const& name : worker.queues)
        check_queue_name(name);
    if (worker.lease <= 0s) throw Error{errc::invalid_lease, to_string(worker.lease) + " is not more than 0"};

    Session const session{*this, door};
    auto& life = lives[worker.incarnation];
    bool const is_new = !life;
    if (is_new) life = std::make_unique<Life>();
    worker.last_beat = clock.now();
    worker.since = is_new ? worker.last_beat : life->info.since;
    life->info = std::move(worker);
    life->deadline = later(clock.steady(), life->info.lease);
    for (std::string const& name : life->info.queues) {
        Queue& served = queue(name);
        if (life->holding(served) == nullptr) life->holdings.push_back(std::make_unique<Holding>(served));
    }
}

BeatReply Store::renew(Door const& door, Beat const& beat) {
    BeatReply reply;
    Session const session{*this, door};
    Life* const life = find_life(beat.incarnation);
    if (life == nullptr) {
        reply.retired = true;
        return reply;
    }
    life->deadline = later(clock.steady(), life->info.lease);
    life->info.last_beat = clock.now();
    for (auto const& holding : life->holdings) {
        auto const is_here = [&](Held const& held) { return held.queue == holding->queue.name(); };
        auto const told = std::find_if(beat.held.begin(), beat.held.end(), is_here);
        bool const differs = holding->jobs.size() != (told == beat.held.end() ? 0 : told->jobs);
        for (Job const& job : holding->jobs) {
            if (job.record.cancel_requested) reply.cancel.push_back(job.record.ref);
            if (differs) reply.strays.push_back(job.record);
        }
    }
    return reply;
}

void Store::end(Session& session, Life& life) {
    for (auto const& holding : life.holdings) {
        holding->queue.orphan(*holding);
        auto const is_its = [&](Waiter const& waiter) { return waiter.incarnation == life.info.incarnation; };
        holding->queue.line.rouse_if(is_its, session.bells);
    }
    lives.erase(lives.find(life.info.incarnation));
}

void Store::retire(Door const& door, std::string const& incarnation) {
    Session session{*this, door};
    Life* const life = find_life(incarnation);
    if (life == nullptr) return;
    Instant const now = clock.now();
    for (auto const& holding : life->holdings) {
        while (!holding->jobs.empty()) {
            Job& job = holding->jobs.front();
            Settlement release;
            release.kind = SettleKind::released;
            release.token = *job.record.token;
            auto apply = [&](JobRecord& record) { return cohort::settle(record, std::move(release), now); };
            session.alter(holding->queue, job, apply);
        }
    }
    end(session, *life);
}

UpkeepReply Store::upkeep(Door const& door, UpkeepParams const& params) {
    if (params.limit == 0) throw Error{errc::invalid_config, "upkeep with a limit of 0"};
    for (std::string const& name : params.queues)
        check_queue_name(name);

    Session session{*this, door};
    Instant const now = clock.now();
    Duration const steady = clock.steady();
    UpkeepReply reply;
    std::vector<Life*> late;
    for (auto const& [incarnation, life] : lives) {
        auto const& served = life->info.queues;
        bool const is_meant = std::find_first_of(served.begin(), served.end(), params.queues.begin(),
                                                 params.queues.end()) != served.end();
        if (is_meant && life->deadline < steady) late.push_back(life.get());
    }
    for (Life* life : late)
        end(session, *life);

    for (std::string const& name : params.queues) {
        Queue* const known = find_queue(name);
        if (known == nullptr) continue;
        keep_up(session, *known, params.limit, now, reply);
        forget_old(*known, door.limits, params.limit, now, reply);
    }
    forget_idle_watchers();
    return reply;
}

void Store::keep_up(Session& session, Queue& queue, std::uint32_t limit, Instant now, UpkeepReply& reply) {
    // Takes a step with the first of an index, for as long as there is one to take, within the limit.
    auto const each = [&](auto& index, auto step) {
        std::uint32_t done = 0;
        while (!index.empty() && step(*index.begin())) {
            if (++done == limit) {
                reply.more = true;
                return;
            }
        }
    };
    each(queue.expiring(), [&](Job& job) {
        if (now <= job.record.expires) return false;
        session.alter(queue, job, [&](JobRecord& record) { return cohort::expire(record, now); });
        ++reply.expired;
        return true;
    });
    each(queue.waiting(), [&](Job& job) {
        if (now < job.record.due) return false;
        session.alter(queue, job, [&](JobRecord& record) { return cohort::fall_due(record, now); });
        ++reply.promoted;
        return true;
    });
    each(queue.orphans(), [&](Job& job) {
        auto const state = session.alter(queue, job, [&](JobRecord& record) {
            cohort::lose(record, now);
            return record.state;
        });
        if (!is_terminal(state)) ++reply.recovered;
        if (state == JobState::failed) ++reply.died;
        return true;
    });
}

// T16, for what is past its retention, and for the next of them as long as there are too many.
void Store::forget_old(Queue& queue, EndedLimits const& limits, std::uint32_t limit, Instant now,
                       UpkeepReply& reply) {
    std::uint32_t done = 0;
    for (Queue::Ended& ended : queue.ended()) {
        while (done < limit && !ended.jobs.empty()) {
            Job& first = *ended.jobs.begin();
            if (now < first.forget && !limits.are_exceeded(ended.jobs.size(), ended.bytes)) break;
            queue.remove(first);
            ++done;
        }
    }
    reply.forgotten += done;
    if (done == limit) reply.more = true;
}

}  // namespace cohort::memory
