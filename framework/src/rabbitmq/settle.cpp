// SPDX-License-Identifier: MIT
#include "rabbitmq/patience.hpp"
#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

// Reports that come twice are known for so many more.
constexpr std::size_t most_settled = 1000;

bool ends(JobRecord const& record) {
    return is_terminal(record.state);
}

awaitable<void> declare_all(EnginePtr engine, std::vector<Replacement> const& replacements) {
    for (auto const& one : replacements) {
        if (!ends(one.record)) {
            co_await declare_for(engine->worker_topology, engine->line_of(one.record), one.delay);
        } else if (one.record.state == JobState::failed) {
            co_await engine->worker_topology.need_line(one.record.ref.queue);
        }
    }
}

// A result for a client that is gone has nowhere to go, and is dropped.
void publish_ending(Engine const& engine, Channel& channel, BatchPtr const& batch, JobRecord const& record) {
    auto const message = encode_ending(record);
    std::string const queue = engine.names.replies(record.client);
    Publication publication;
    publication.routing_key = queue;
    publication.properties = message->properties();
    if (record.state == JobState::succeeded) publication.body = record.result;
    channel.publish(batch, publication);
}

void publish_dead(Engine const& engine, Channel& channel, BatchPtr const& batch, JobRecord const& record) {
    constexpr std::int64_t longest = 0xFFFFFFFF;  // milliseconds
    auto const message = encode_job(record, 0s);
    std::string const queue = engine.names.dead(record.ref.queue);
    std::string const kept =
        std::to_string(std::clamp<std::int64_t>(record.policy.keep_error / 1ms, 1, longest));
    Publication publication;
    publication.routing_key = queue;
    publication.properties = message->properties();
    publication.properties._flags |= AMQP_BASIC_EXPIRATION_FLAG;
    publication.properties.expiration = bytes_of(kept);
    publication.body = record.arguments;
    publication.is_mandatory = true;
    channel.publish(batch, publication);
}

// How many messages it takes.
std::size_t publish(Engine const& engine, Channel& channel, BatchPtr const& batch, Replacement const& one) {
    std::size_t const before = batch->fates.size();
    JobRecord const& record = one.record;
    if (!ends(record)) {
        publish_job(engine, channel, batch, record, one.delay);
    } else {
        if (!record.client.empty()) publish_ending(engine, channel, batch, record);
        if (record.state == JobState::failed && record.policy.keep_error > 0s)
            publish_dead(engine, channel, batch, record);
    }
    return batch->fates.size() - before;
}

void remember(Life& life, Settlement settlement) {
    settlement.result.clear();
    settlement.error.clear();
    settlement.hook = nullptr;
    JobRef ref = settlement.ref;
    life.settled.emplace_back(std::move(ref), std::move(settlement));
    if (life.settled.size() > most_settled) life.settled.pop_front();
}

// Of a report whose run is not under way here.
Verdict judge_late(Life const& life, Settlement const& settlement) {
    for (auto const& [ref, known] : life.settled) {
        if (ref == settlement.ref && known.token == settlement.token)
            return known.kind == settlement.kind ? Verdict::accepted : Verdict::fenced;
    }
    return Verdict::gone;
}

struct Pending {
    std::size_t index;
    JobRef ref;
    std::string consumer;
};

}  // namespace

awaitable<std::vector<bool>> replace(EnginePtr engine, LifePtr life, std::vector<Replacement> replacements) {
    ChannelPtr const channel = life->channel;
    std::vector<bool> done(replacements.size());
    if (replacements.empty()) co_return done;
    for (int tries = 0; tries < 2; ++tries) {
        co_await declare_all(engine, replacements);
        auto const batch = std::make_shared<Batch>();
        std::vector<std::size_t> counts(replacements.size());
        for (std::size_t i = 0; i < replacements.size(); ++i) {
            if (!done[i]) counts[i] = publish(*engine, *channel, batch, replacements[i]);
        }
        co_await wait_patiently(engine, life, batch, engine->config.patience());
        std::size_t at = 0;
        bool is_gone = false;
        std::vector<std::uint64_t> tags;
        for (std::size_t i = 0; i < replacements.size(); ++i) {
            if (done[i]) continue;
            auto const from = batch->fates.begin() + static_cast<std::ptrdiff_t>(at);
            auto const to = from + static_cast<std::ptrdiff_t>(counts[i]);
            at += counts[i];
            is_gone = is_gone || std::find(from, to, Fate::returned) != to;
            done[i] = std::all_of(from, to, [](Fate fate) { return fate == Fate::confirmed; });
            // Only now: what is acked is nowhere else.
            if (done[i]) tags.push_back(replacements[i].tag);
        }
        channel->ack(std::move(tags));
        if (!is_gone) break;
        engine->worker_topology.forget();
    }
    co_return done;
}

awaitable<void> put_back(EnginePtr engine, LifePtr life, std::vector<Replacement> replacements) {
    bool is_done = false;
    try {
        auto const done = co_await replace(engine, life, std::move(replacements));
        is_done = std::find(done.begin(), done.end(), false) == done.end();
    } catch (std::exception const& error) {
        log(LogLevel::warn, one_line(std::string{"jobs could not be put back: "} + error.what()));
    }
    if (!is_done) engine->end(life);
}

awaitable<std::vector<Verdict>> settle(EnginePtr engine, std::vector<Settlement> settlements) {
    engine->check_open();
    std::vector<Verdict> verdicts(settlements.size(), Verdict::gone);
    // One life reports at a time; more than one are settled one after the other.
    std::vector<std::string> incarnations;
    for (auto const& settlement : settlements) {
        auto const& name = settlement.token.incarnation;
        if (std::find(incarnations.begin(), incarnations.end(), name) == incarnations.end())
            incarnations.push_back(name);
    }
    Instant const now = engine->config.clock->now();
    bool is_uncertain = false;
    for (auto const& incarnation : incarnations) {
        LifePtr const life = engine->find(incarnation);
        std::vector<Replacement> replacements;
        std::vector<Pending> pending;
        for (std::size_t i = 0; i < settlements.size(); ++i) {
            Settlement const& settlement = settlements[i];
            if (settlement.token.incarnation != incarnation) continue;
            if (!life) {
                verdicts[i] = Verdict::fenced;
                continue;
            }
            auto const found = life->runs.find(settlement.ref);
            if (found == life->runs.end() || found->second.is_settling ||
                found->second.record.token != settlement.token) {
                verdicts[i] = judge_late(*life, settlement);
                continue;
            }
            JobRecord record = found->second.record;
            verdicts[i] = cohort::settle(record, settlement, now);
            if (verdicts[i] != Verdict::accepted) continue;
            if (settlement.kind == SettleKind::note) {
                found->second.record = std::move(record);
                continue;
            }
            Duration const delay = std::max<Duration>(record.due - now, 0s);
            found->second.is_settling = true;
            replacements.push_back({std::move(record), delay, found->second.tag});
            pending.push_back({i, settlement.ref, found->second.consumer});
        }
        if (replacements.empty()) continue;
        std::vector<bool> done(pending.size());
        std::exception_ptr trouble;
        try {
            done = co_await replace(engine, life, std::move(replacements));
        } catch (...) {
            trouble = std::current_exception();
        }
        for (std::size_t i = 0; i < pending.size(); ++i) {
            if (!done[i]) {
                is_uncertain = true;
                // It may be reported again.
                if (auto const run = life->runs.find(pending[i].ref); run != life->runs.end())
                    run->second.is_settling = false;
                continue;
            }
            life->runs.erase(pending[i].ref);
            life->returned(pending[i].consumer);
            remember(*life, settlements[pending[i].index]);
        }
        // Slots are free that no consumer may know of.
        life->wake.wake();
        if (trouble) std::rethrow_exception(trouble);
    }
    if (is_uncertain)
        throw Error{errc::uncertain, engine->config.masked + ": an outcome was published and not confirmed"};
    co_return verdicts;
}

}  // namespace cohort::rabbitmq
