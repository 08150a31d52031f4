// SPDX-License-Identifier: MIT
// The Inspector of a queue file.
#pragma once

#include "sqlite/inbox.hpp"

#include <cohort/inspector.hpp>

#include <functional>
#include <memory>

namespace cohort::sqlite {

class FileInspector : public Inspector {
public:
    // Reads and writes on these threads; `need_reader` sees to it that the first is there.
    FileInspector(std::function<void()> need_reader, std::shared_ptr<Inbox> reads,
                  std::shared_ptr<Inbox> writes)
        : need_reader_{std::move(need_reader)}, reads_{std::move(reads)}, writes_{std::move(writes)} {}

    awaitable<std::vector<QueueInfo>> queues() override;
    awaitable<void> configure(std::string queue, QueueOptions options) override;
    awaitable<void> pause(std::string queue) override;
    awaitable<void> resume(std::string queue) override;
    awaitable<ListPage> list(ListParams params) override;
    awaitable<std::optional<JobRecord>> find_by_id(std::string id) override;
    awaitable<std::uint64_t> purge(std::string queue, std::vector<JobState> states) override;
    awaitable<std::vector<bool>> requeue(std::vector<JobRef> refs) override;
    awaitable<std::vector<WorkerInfo>> workers() override;
    awaitable<std::vector<std::string>> audit() override;

private:
    std::function<void()> const need_reader_;
    std::shared_ptr<Inbox> const reads_;
    std::shared_ptr<Inbox> const writes_;
};

}  // namespace cohort::sqlite
