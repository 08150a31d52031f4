// SPDX-License-Identifier: MIT
// What an operator may see and do, as operations.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/inspector.hpp>

namespace cohort::sqlite {

// ---- reading

class ListQueues : public Operation {
public:
    Progress step(Session& session) override;
    std::vector<QueueInfo> queues;
};

class ListJobs : public Operation {
public:
    // Throws Error(errc::invalid_config) for a cursor that is none of ours.
    explicit ListJobs(ListParams params);
    Progress step(Session& session) override;
    ListPage page;

private:
    ListParams const params_;
    std::int64_t after_ = 0;
};

class FindById : public Operation {
public:
    explicit FindById(std::string id) : id_{std::move(id)} {}
    Progress step(Session& session) override;
    std::optional<JobRecord> record;

private:
    std::string const id_;
};

class ListWorkers : public Operation {
public:
    Progress step(Session& session) override;
    std::vector<WorkerInfo> workers;
};

class Audit : public Operation {
public:
    Progress step(Session& session) override;
    std::vector<std::string> faults;
};

// ---- writing

class Configure : public Operation {
public:
    Configure(std::string queue, QueueOptions options) : queue_{std::move(queue)}, options_{options} {}
    Progress step(Session& session) override;

private:
    std::string const queue_;
    QueueOptions const options_;
};

enum class Flow : std::uint8_t { paused, open };

class SetFlow : public Operation {
public:
    SetFlow(std::string queue, Flow flow) : queue_{std::move(queue)}, flow_{flow} {}
    Progress step(Session& session) override;

private:
    std::string const queue_;
    Flow const flow_;
};

class Purge : public Operation {
public:
    Purge(std::string queue, std::vector<JobState> states)
        : queue_{std::move(queue)}, states_{std::move(states)} {}
    Progress step(Session& session) override;
    void keep() override { kept_ = removed; }
    void rewind() override { removed = kept_; }

    std::uint64_t removed = 0;

private:
    std::string const queue_;
    std::vector<JobState> const states_;
    std::uint64_t kept_ = 0;
};

// T15.
class Requeue : public Operation {
public:
    explicit Requeue(std::vector<JobRef> refs) : refs_{std::move(refs)} {}
    Progress step(Session& session) override;
    void keep() override { kept_ = done.size(); }
    void rewind() override { done.resize(kept_); }

    std::vector<bool> done;

private:
    std::vector<JobRef> const refs_;
    std::size_t kept_ = 0;
};

}  // namespace cohort::sqlite
