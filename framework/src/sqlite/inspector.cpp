// SPDX-License-Identifier: MIT
#include "sqlite/inspector.hpp"

#include "sqlite/inspect.hpp"

#include <cohort/id.hpp>

namespace cohort::sqlite {

awaitable<std::vector<QueueInfo>> FileInspector::queues() {
    need_reader_();
    auto operation = std::make_shared<ListQueues>();
    co_await perform(reads_, operation);
    co_return std::move(operation->queues);
}

awaitable<void> FileInspector::configure(std::string queue, QueueOptions options) {
    check_queue_name(queue);
    auto operation = std::make_shared<Configure>(std::move(queue), options);
    co_await perform(writes_, operation);
}

awaitable<void> FileInspector::pause(std::string queue) {
    check_queue_name(queue);
    auto operation = std::make_shared<SetFlow>(std::move(queue), Flow::paused);
    co_await perform(writes_, operation);
}

awaitable<void> FileInspector::resume(std::string queue) {
    check_queue_name(queue);
    auto operation = std::make_shared<SetFlow>(std::move(queue), Flow::open);
    co_await perform(writes_, operation);
}

awaitable<ListPage> FileInspector::list(ListParams params) {
    check_queue_name(params.queue);
    if (params.limit < 1 || params.limit > 1000) {
        throw Error{errc::invalid_config,
                    "the limit of a page, " + std::to_string(params.limit) + ", is not in 1..1000"};
    }
    need_reader_();
    auto operation = std::make_shared<ListJobs>(std::move(params));
    co_await perform(reads_, operation);
    co_return std::move(operation->page);
}

awaitable<std::optional<JobRecord>> FileInspector::find_by_id(std::string id) {
    need_reader_();
    auto operation = std::make_shared<FindById>(std::move(id));
    co_await perform(reads_, operation);
    co_return std::move(operation->record);
}

awaitable<std::uint64_t> FileInspector::purge(std::string queue, std::vector<JobState> states) {
    check_queue_name(queue);
    auto operation = std::make_shared<Purge>(std::move(queue), std::move(states));
    co_await perform(writes_, operation);
    co_return operation->removed;
}

awaitable<std::vector<bool>> FileInspector::requeue(std::vector<JobRef> refs) {
    auto operation = std::make_shared<Requeue>(std::move(refs));
    co_await perform(writes_, operation);
    co_return std::move(operation->done);
}

awaitable<std::vector<WorkerInfo>> FileInspector::workers() {
    need_reader_();
    auto operation = std::make_shared<ListWorkers>();
    co_await perform(reads_, operation);
    co_return std::move(operation->workers);
}

awaitable<std::vector<std::string>> FileInspector::audit() {
    need_reader_();
    auto operation = std::make_shared<Audit>();
    co_await perform(reads_, operation);
    co_return std::move(operation->faults);
}

}  // namespace cohort::sqlite
