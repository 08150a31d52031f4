// SPDX-License-Identifier: MIT
#include "redis/broker.hpp"

#include "redis/redis.hpp"
#include "redis/verbs.hpp"

namespace cohort::redis {

std::shared_ptr<Broker> open(Url const& url, Clock const& clock) {
    return std::make_shared<RedisBroker>(read_config(url, clock));
}

RedisBroker::RedisBroker(Config config) : core_{std::make_shared<Core>(std::move(config))} {}

RedisBroker::~RedisBroker() {
    core_->close();
}

Capabilities const& RedisBroker::capabilities() const noexcept {
    static constexpr Capabilities all{.durable = true,
                                      .between_processes = true,
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
                                      .replicas = true,
                                      .pushes_at_once = 2};
    return all;
}

awaitable<std::vector<PushResult>> RedisBroker::push(std::vector<NewJob> jobs) {
    return redis::push(core_, std::move(jobs));
}
awaitable<void> RedisBroker::enlist(WorkerInfo worker) {
    return redis::enlist(core_, std::move(worker));
}
awaitable<BeatReply> RedisBroker::renew(Beat beat) {
    return redis::renew(core_, std::move(beat));
}
awaitable<void> RedisBroker::retire(std::string incarnation) {
    return redis::retire(core_, std::move(incarnation));
}
awaitable<ClaimReply> RedisBroker::claim(ClaimParams params) {
    return redis::claim(core_, std::move(params));
}
awaitable<std::vector<Verdict>> RedisBroker::settle(std::vector<Settlement> settlements) {
    return redis::settle(core_, std::move(settlements));
}
awaitable<std::vector<CancelVerdict>> RedisBroker::cancel(std::vector<JobRef> refs) {
    return redis::cancel(core_, std::move(refs));
}

awaitable<std::vector<bool>> RedisBroker::forget(std::vector<JobRef> refs) {
    return redis::forget(core_, std::move(refs));
}
awaitable<std::vector<std::optional<JobRecord>>> RedisBroker::status(std::vector<JobRef> refs) {
    return redis::status(core_, std::move(refs));
}
awaitable<std::vector<Ending>> RedisBroker::results(std::vector<JobRef> refs) {
    return redis::results(core_, std::move(refs));
}
awaitable<std::vector<EndedJob>> RedisBroker::watch(WatchParams params) {
    return redis::watch(core_, std::move(params));
}
awaitable<UpkeepReply> RedisBroker::upkeep(UpkeepParams params) {
    return redis::upkeep(core_, std::move(params));
}

}  // namespace cohort::redis
