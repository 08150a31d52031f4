// SPDX-License-Identifier: MIT
#include "redis/inspector.hpp"

#include "redis/operators.hpp"

namespace cohort::redis {

awaitable<std::vector<QueueInfo>> RedisInspector::queues() {
    return queue_infos(core_);
}
awaitable<void> RedisInspector::configure(std::string queue, QueueOptions options) {
    return redis::configure(core_, std::move(queue), options);
}
awaitable<void> RedisInspector::pause(std::string queue) {
    return redis::pause(core_, std::move(queue));
}
awaitable<void> RedisInspector::resume(std::string queue) {
    return redis::resume(core_, std::move(queue));
}
awaitable<ListPage> RedisInspector::list(ListParams params) {
    return redis::list(core_, std::move(params));
}
awaitable<std::optional<JobRecord>> RedisInspector::find_by_id(std::string id) {
    return redis::find_by_id(core_, std::move(id));
}
awaitable<std::uint64_t> RedisInspector::purge(std::string queue, std::vector<JobState> states) {
    return redis::purge(core_, std::move(queue), std::move(states));
}
awaitable<std::vector<bool>> RedisInspector::requeue(std::vector<JobRef> refs) {
    return redis::requeue(core_, std::move(refs));
}
awaitable<std::vector<WorkerInfo>> RedisInspector::workers() {
    return redis::workers(core_);
}
awaitable<std::vector<std::string>> RedisInspector::audit() {
    return redis::audit(core_);
}

}  // namespace cohort::redis
