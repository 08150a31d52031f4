// SPDX-License-Identifier: MIT
#include "memory/broker.hpp"

namespace cohort::memory {

namespace {

// Leaves the lines when the claim ends, also when its coroutine is destroyed.
struct WaitingClaim {
    explicit WaitingClaim(Store& its_store) : store{its_store} {}
    ~WaitingClaim() { store.dismiss(waiter); }
    WaitingClaim(WaitingClaim const&) = delete;
    WaitingClaim& operator=(WaitingClaim const&) = delete;

    Store& store;
    Waiter waiter;
};

struct WaitingWatch {
    WaitingWatch(Store& its_store, std::string its_client)
        : store{its_store}, client{std::move(its_client)} {}
    ~WaitingWatch() { store.unwatch(client, wake); }
    WaitingWatch(WaitingWatch const&) = delete;
    WaitingWatch& operator=(WaitingWatch const&) = delete;

    Store& store;
    std::string const client;
    std::shared_ptr<io::Wake> const wake = std::make_shared<io::Wake>();
};

void check(ClaimParams const& params) {
    if (params.limit == 0) throw Error{errc::invalid_config, "a claim with a limit of 0"};
    if (params.number == 0) throw Error{errc::invalid_config, "the number of a claim is 1 or more"};
    if (params.queues.empty()) throw Error{errc::invalid_queue_name, "a claim names at least one queue"};
    for (std::string const& name : params.queues) {
        if (name.empty()) throw Error{errc::invalid_queue_name, "a queue's name is empty"};
    }
}

// Waits may outlive the Broker object, which ends them: so they own what they use.
awaitable<ClaimReply> claim_in(std::shared_ptr<Store> store, std::shared_ptr<Door> door, ClaimParams params) {
    check(params);
    Duration const until = later(store->clock.steady(), params.wait);
    Store::ClaimStep step = store->claim(*door, params, until, nullptr);
    if (step.is_answer) co_return std::move(step.reply);

    WaitingClaim waiting{*store};
    for (;;) {
        step = store->claim(*door, params, until, &waiting.waiter);
        if (step.is_answer) co_return std::move(step.reply);
        if (step.pause > 0s) co_await waiting.waiter.wake->wait_for(step.pause);
    }
}

awaitable<std::vector<EndedJob>> watch_in(std::shared_ptr<Store> store, std::shared_ptr<Door> door,
                                          WatchParams params) {
    if (params.client.empty()) throw Error{errc::invalid_config, "a watch names its client"};
    Duration const until = later(store->clock.steady(), params.wait);
    WaitingWatch watching{*store, params.client};
    std::vector<EndedJob> ended;
    for (bool is_first = true; !store->watch(*door, watching.client, watching.wake, is_first, ended);
         is_first = false) {
        Duration const left = until - store->clock.steady();
        if (left <= 0s) break;
        co_await watching.wake->wait_for(left);
    }
    co_return ended;
}

}  // namespace

MemoryBroker::MemoryBroker(std::shared_ptr<Store> store, std::string name, EndedLimits limits)
    : store_{std::move(store)}, door_{std::make_shared<Door>(limits)}, name_{std::move(name)} {}

MemoryBroker::~MemoryBroker() {
    store_->close(*door_);
}

Capabilities const& MemoryBroker::capabilities() const noexcept {
    static constexpr Capabilities all{.durable = false,
                                      .between_processes = false,
                                      .fenced_settle = true,
                                      .status = true,
                                      .lookup_by_id = true,
                                      .cancel = true,
                                      .unique = true,
                                      .priorities = true,
                                      .delays = true,
                                      .expiry = true,
                                      .ordered = true,
                                      .pushed_wakeups = true,
                                      .inspect = true,
                                      .max_length = true,
                                      .forget = true,
                                      .stored_once = true};
    return all;
}

awaitable<std::vector<PushResult>> MemoryBroker::push(std::vector<NewJob> jobs) {
    co_return store_->push(*door_, std::move(jobs));
}

awaitable<void> MemoryBroker::enlist(WorkerInfo worker) {
    store_->enlist(*door_, std::move(worker));
    co_return;
}

awaitable<BeatReply> MemoryBroker::renew(Beat beat) {
    co_return store_->renew(*door_, beat);
}

awaitable<void> MemoryBroker::retire(std::string incarnation) {
    store_->retire(*door_, incarnation);
    co_return;
}

awaitable<ClaimReply> MemoryBroker::claim(ClaimParams params) {
    return claim_in(store_, door_, std::move(params));
}

awaitable<std::vector<Verdict>> MemoryBroker::settle(std::vector<Settlement> settlements) {
    co_return store_->settle(*door_, std::move(settlements));
}

awaitable<std::vector<bool>> MemoryBroker::forget(std::vector<JobRef> refs) {
    co_return store_->forget(*door_, refs);
}

awaitable<std::vector<CancelVerdict>> MemoryBroker::cancel(std::vector<JobRef> refs) {
    co_return store_->cancel(*door_, refs);
}

awaitable<std::vector<std::optional<JobRecord>>> MemoryBroker::status(std::vector<JobRef> refs) {
    co_return store_->status(*door_, refs);
}

awaitable<std::vector<Ending>> MemoryBroker::results(std::vector<JobRef> refs) {
    co_return store_->results(*door_, refs);
}

awaitable<std::vector<EndedJob>> MemoryBroker::watch(WatchParams params) {
    return watch_in(store_, door_, std::move(params));
}

awaitable<UpkeepReply> MemoryBroker::upkeep(UpkeepParams params) {
    co_return store_->upkeep(*door_, params);
}

}  // namespace cohort::memory
