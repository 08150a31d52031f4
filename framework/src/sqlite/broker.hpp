// SPDX-License-Identifier: MIT
// The broker on an SQLite file: each verb makes an operation and hands it to the thread that performs it.
#pragma once

#include "sqlite/config.hpp"
#include "sqlite/inbox.hpp"
#include "sqlite/inspector.hpp"
#include "sqlite/keeper.hpp"
#include "sqlite/lazy.hpp"
#include "sqlite/lock_file.hpp"
#include "sqlite/pulse.hpp"
#include "sqlite/reader.hpp"
#include "sqlite/watches.hpp"
#include "sqlite/writer.hpp"

#include <cohort/broker.hpp>

#include <memory>
#include <string>

namespace cohort::sqlite {

class FileBroker : public Broker {
public:
    // The file must be there, with its schema. Throws Error.
    FileBroker(Config config, std::string name);
    ~FileBroker() override;

    Capabilities const& capabilities() const noexcept override { return capabilities_; }
    std::string_view name() const noexcept override { return name_; }

    awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) override;
    awaitable<void> enlist(WorkerInfo worker) override;
    awaitable<BeatReply> renew(Beat beat) override;
    awaitable<void> retire(std::string incarnation) override;
    awaitable<ClaimReply> claim(ClaimParams params) override;
    awaitable<std::vector<Verdict>> settle(std::vector<Settlement> settlements) override;
    awaitable<std::vector<CancelVerdict>> cancel(std::vector<JobRef> refs) override;
    awaitable<std::vector<bool>> forget(std::vector<JobRef> refs) override;
    awaitable<std::vector<std::optional<JobRecord>>> status(std::vector<JobRef> refs) override;
    awaitable<std::vector<Ending>> results(std::vector<JobRef> refs) override;
    awaitable<std::vector<EndedJob>> watch(WatchParams params) override;
    awaitable<UpkeepReply> upkeep(UpkeepParams params) override;
    Inspector* inspector() noexcept override { return &inspector_; }
    void close() noexcept override;

private:
    void give_up(std::exception_ptr error) noexcept;

    Config const config_;
    std::string const name_;
    Capabilities const capabilities_;
    // Held by the awaiting frames as well, which may outlive this object.
    std::shared_ptr<Inbox> const writes_;
    std::shared_ptr<Inbox> const beats_;
    std::shared_ptr<Inbox> const reads_;
    std::shared_ptr<Inbox> const looks_;  // of operators, which may take long
    std::shared_ptr<Watches> const watches_;
    Pulse pulse_;
    LockFile lock_file_;
    // Ended in the opposite order: the writer before the keeper, which makes the last checkpoint.
    Keeper keeper_;
    Lazy<Reader> looker_;
    Lazy<Reader> reader_;
    Lazy<Writer> renewer_;
    Writer writer_;
    FileInspector inspector_;
};

}  // namespace cohort::sqlite
