// SPDX-License-Identifier: MIT
#include "rabbitmq/stored_broker.hpp"

#include "rabbitmq/announce.hpp"
#include "rabbitmq/rabbitmq.hpp"

#include <cohort/error.hpp>

namespace cohort::rabbitmq {

namespace {

Capabilities with_calls(Capabilities capabilities) {
    capabilities.pushed_wakeups = true;
    return capabilities;
}

// A worker for each, but for those that fall due later: whoever is called for one of them learns when.
Tickets::Counts count_jobs(std::vector<std::string> const& queues, std::vector<bool> const& is_due,
                           std::vector<PushResult> const& results) {
    Tickets::Counts counts;
    Tickets::Counts later;
    for (std::size_t i = 0; i < results.size(); ++i) {
        auto const verdict = results[i].verdict;
        if (verdict != PushVerdict::stored && verdict != PushVerdict::uncertain) continue;
        if (is_due[i])
            ++counts[queues[i]];
        else
            later[queues[i]] = 1;
    }
    for (auto const& [queue, one] : later)
        counts[queue] += one;
    return counts;
}

awaitable<void> enlist_there(StoredCorePtr core, WorkerInfo worker) {
    auto const incarnation = worker.incarnation;
    auto queues = worker.queues;
    auto enlisting = core->store->enlist(std::move(worker));
    co_await std::move(enlisting);
    core->know(incarnation, std::move(queues));
}

awaitable<BeatReply> renew_there(StoredCorePtr core, Beat beat) {
    auto const incarnation = beat.incarnation;
    auto renewing = core->store->renew(std::move(beat));
    BeatReply reply = co_await std::move(renewing);
    if (reply.retired) core->forget(incarnation);
    co_return reply;
}

awaitable<void> retire_there(StoredCorePtr core, std::string incarnation) {
    auto const queues = core->queues(incarnation);
    auto retiring = done(core->store->retire(incarnation));
    auto all = announcing<Done>(core, std::move(retiring), [core, queues, incarnation](Done const&) {
        core->forget(incarnation);
        Tickets::Counts counts;
        for (auto const& queue : queues)
            counts[queue] = 1;
        return counts;
    });
    co_await std::move(all);
}

}  // namespace

std::shared_ptr<Broker> open_on_store(Url const& url, OpenStore const& open_store, Clock const& clock) {
    Config config = read_config(url, clock);
    std::shared_ptr<Broker> store = open_store();
    auto const& has = store->capabilities();
    if (!has.durable || !has.between_processes) {
        throw Error{errc::invalid_url,
                    "a store keeps jobs for several processes, and when they have ended; " +
                        std::string{store->name()} + " does not: use sqlite: or redis://, in " +
                        url.masked()};
    }
    return std::make_shared<StoredBroker>(std::move(config), std::move(store));
}

StoredBroker::StoredBroker(Config config, std::shared_ptr<Broker> store)
    : core_{std::make_shared<StoredCore>(std::move(config), std::move(store))},
      capabilities_{with_calls(core_->store->capabilities())},
      inspector_{core_->store->inspector() == nullptr ? nullptr : std::make_unique<StoredInspector>(core_)} {}

StoredBroker::~StoredBroker() {
    close();
}

void StoredBroker::close() noexcept {
    core_->close();
}

awaitable<std::vector<PushResult>> StoredBroker::push(std::vector<NewJob> jobs) {
    std::vector<std::string> queues;
    std::vector<bool> is_due;
    for (auto const& job : jobs) {
        queues.push_back(job.ref.queue);
        is_due.push_back(job.delay <= 0s && !job.eta);
    }
    return announcing<std::vector<PushResult>>(
        core_, core_->store->push(std::move(jobs)),
        [queues = std::move(queues), is_due = std::move(is_due)](std::vector<PushResult> const& results) {
            return count_jobs(queues, is_due, results);
        });
}

awaitable<void> StoredBroker::enlist(WorkerInfo worker) {
    return enlist_there(core_, std::move(worker));
}
awaitable<BeatReply> StoredBroker::renew(Beat beat) {
    return renew_there(core_, std::move(beat));
}
awaitable<void> StoredBroker::retire(std::string incarnation) {
    return retire_there(core_, std::move(incarnation));
}
awaitable<ClaimReply> StoredBroker::claim(ClaimParams params) {
    return claim_from_store(core_, std::move(params));
}

awaitable<std::vector<Verdict>> StoredBroker::settle(std::vector<Settlement> settlements) {
    std::vector<std::string> waiting;  // "" where the job does not wait again
    bool is_any = false;
    for (auto const& settlement : settlements) {
        bool const waits = settlement.kind == SettleKind::retry || settlement.kind == SettleKind::released;
        waiting.push_back(waits ? settlement.ref.queue : Text{});
        is_any = is_any || waits;
    }
    auto settling = core_->store->settle(std::move(settlements));
    if (!is_any) return settling;
    return announcing<std::vector<Verdict>>(
        core_, std::move(settling), [waiting = std::move(waiting)](std::vector<Verdict> const& verdicts) {
            Tickets::Counts counts;
            for (std::size_t i = 0; i < verdicts.size(); ++i) {
                if (verdicts[i] == Verdict::accepted && !waiting[i].empty()) ++counts[waiting[i]];
            }
            return counts;
        });
}

awaitable<std::vector<CancelVerdict>> StoredBroker::cancel(std::vector<JobRef> refs) {
    return core_->store->cancel(std::move(refs));
}
awaitable<std::vector<bool>> StoredBroker::forget(std::vector<JobRef> refs) {
    return core_->store->forget(std::move(refs));
}
awaitable<std::vector<std::optional<JobRecord>>> StoredBroker::status(std::vector<JobRef> refs) {
    return core_->store->status(std::move(refs));
}
awaitable<std::vector<Ending>> StoredBroker::results(std::vector<JobRef> refs) {
    return core_->store->results(std::move(refs));
}
awaitable<std::vector<EndedJob>> StoredBroker::watch(WatchParams params) {
    return core_->store->watch(std::move(params));
}

awaitable<UpkeepReply> StoredBroker::upkeep(UpkeepParams params) {
    auto queues = params.queues;
    return announcing<UpkeepReply>(core_, core_->store->upkeep(std::move(params)),
                                   [queues = std::move(queues)](UpkeepReply const& reply) {
                                       Tickets::Counts counts;
                                       auto const waiting = reply.recovered + reply.promoted;
                                       if (waiting == 0) return counts;
                                       for (auto const& queue : queues)
                                           counts[queue] = waiting;
                                       return counts;
                                   });
}

}  // namespace cohort::rabbitmq
