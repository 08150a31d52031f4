// SPDX-License-Identifier: MIT
// enlist, renew, retire, upkeep: a worker lives as long as its channel, its lease, or until it retires.
#include "rabbitmq/consume.hpp"
#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/log.hpp>

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

void check_incarnation(std::string const& incarnation) {
    if (incarnation.empty()) throw Error{errc::invalid_config, "a worker names its incarnation"};
}

bool is_held_as_told(Life const& life, Beat const& beat, std::string const& queue) {
    auto const told = std::find_if(beat.held.begin(), beat.held.end(),
                                   [&](Held const& held) { return held.queue == queue; });
    std::uint64_t const count = told == beat.held.end() ? 0 : told->jobs;
    auto const held = std::count_if(life.runs.begin(), life.runs.end(),
                                    [&](auto const& run) { return run.first.queue == queue; });
    return count == static_cast<std::uint64_t>(held);
}

}  // namespace

awaitable<void> enlist(EnginePtr engine, WorkerInfo worker) {
    engine->check_open();
    check_incarnation(worker.incarnation);
    if (worker.queues.empty()) throw Error{errc::invalid_queue_name, "a worker needs at least one queue"};
    for (auto const& queue : worker.queues)
        check_queue_name(queue);
    if (worker.lease <= 0s) throw Error{errc::invalid_lease, to_string(worker.lease) + " is not more than 0"};
    if (engine->find(worker.incarnation)) co_return;

    co_await engine->worker->ready();
    for (auto const& queue : worker.queues) {
        for (auto const& line : lines_of(queue, engine->config.has_priorities))
            co_await engine->worker_topology.need_line(line);
    }
    auto life = std::make_shared<Life>();
    life->channel = co_await open_confirming(engine->worker, engine->config.timeout);
    engine->check_open();
    if (engine->find(worker.incarnation)) {
        life->channel->close();
        co_return;
    }
    life->heard = engine->config.clock->steady();
    worker.since = worker.last_beat = engine->config.clock->now();
    life->worker = std::move(worker);
    engine->add(std::move(life));
}

awaitable<BeatReply> renew(EnginePtr engine, Beat beat) {
    engine->check_open();
    check_incarnation(beat.incarnation);
    BeatReply reply;
    LifePtr const life = engine->find(beat.incarnation);
    reply.retired = life == nullptr;
    if (!life) co_return reply;
    life->heard = engine->config.clock->steady();
    life->worker.last_beat = engine->config.clock->now();
    for (auto const& [ref, run] : life->runs) {
        if (!is_held_as_told(*life, beat, ref.queue)) reply.strays.push_back(run.record);
    }
    co_return reply;
}

awaitable<void> retire(EnginePtr engine, std::string incarnation) {
    engine->check_open();
    check_incarnation(incarnation);
    LifePtr const life = engine->find(incarnation);
    if (!life) co_return;
    // A claim that waits gives back by itself what was on its way.
    try {
        co_await stop_consuming(engine, life);
    } catch (...) {
        engine->end(life);
        throw;
    }
    Instant const now = engine->config.clock->now();
    std::vector<Replacement> replacements;
    for (auto const& [ref, run] : life->runs) {
        if (run.is_settling) continue;
        Settlement release;
        release.ref = ref;
        release.token = *run.record.token;
        release.kind = SettleKind::released;
        JobRecord record = run.record;
        if (cohort::settle(record, std::move(release), now) == Verdict::accepted)
            replacements.push_back({std::move(record), 0s, run.tag});
    }
    life->runs.clear();
    co_await put_back(engine, life, std::move(replacements));
    if (!life->is_over) co_await await_taken(life->channel, engine->config.timeout);
    engine->end(life);
}

// Workers of other processes are looked after by the server: a connection that is silent ends.
awaitable<UpkeepReply> upkeep(EnginePtr engine, UpkeepParams params) {
    engine->check_open();
    if (params.limit == 0) throw Error{errc::invalid_config, "upkeep with a limit of 0"};
    for (auto const& queue : params.queues)
        check_queue_name(queue);
    Duration const now = engine->config.clock->steady();
    std::vector<LifePtr> late;
    for (auto const& [incarnation, life] : engine->lives()) {
        if (now - life->heard > life->worker.lease) late.push_back(life);
    }
    UpkeepReply reply;
    for (auto const& life : late) {
        log(LogLevel::warn, one_line("worker " + life->worker.name +
                                     " has not been heard of within its lease; it is retired"));
        reply.recovered += static_cast<std::uint32_t>(life->runs.size());
        engine->end(life);
    }
    co_return reply;
}

}  // namespace cohort::rabbitmq
