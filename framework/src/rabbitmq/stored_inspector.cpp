// SPDX-License-Identifier: MIT
#include "rabbitmq/stored_inspector.hpp"

#include "rabbitmq/announce.hpp"
#include "rabbitmq/stored_core.hpp"

namespace cohort::rabbitmq {

Inspector& StoredInspector::store() const noexcept {
    return *core_->store->inspector();
}

awaitable<std::vector<QueueInfo>> StoredInspector::queues() {
    return store().queues();
}
awaitable<void> StoredInspector::configure(std::string queue, QueueOptions options) {
    return store().configure(std::move(queue), options);
}
awaitable<void> StoredInspector::pause(std::string queue) {
    return store().pause(std::move(queue));
}
awaitable<ListPage> StoredInspector::list(ListParams params) {
    return store().list(std::move(params));
}
awaitable<std::optional<JobRecord>> StoredInspector::find_by_id(std::string id) {
    return store().find_by_id(std::move(id));
}
awaitable<std::uint64_t> StoredInspector::purge(std::string queue, std::vector<JobState> states) {
    return store().purge(std::move(queue), std::move(states));
}
awaitable<std::vector<WorkerInfo>> StoredInspector::workers() {
    return store().workers();
}
awaitable<std::vector<std::string>> StoredInspector::audit() {
    return store().audit();
}

awaitable<void> StoredInspector::resume(std::string queue) {
    auto const core = core_;
    auto resuming = done(store().resume(queue));
    auto all = announcing<Done>(core, std::move(resuming),
                                [queue](Done const&) { return Tickets::Counts{{queue, most_called}}; });
    co_await std::move(all);
}

awaitable<std::vector<bool>> StoredInspector::requeue(std::vector<JobRef> refs) {
    auto requeuing = store().requeue(refs);
    return announcing<std::vector<bool>>(core_, std::move(requeuing),
                                         [refs = std::move(refs)](std::vector<bool> const& have) {
                                             Tickets::Counts counts;
                                             for (std::size_t i = 0; i < have.size(); ++i) {
                                                 if (have[i]) ++counts[refs[i].queue];
                                             }
                                             return counts;
                                         });
}

}  // namespace cohort::rabbitmq
