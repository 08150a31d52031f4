// SPDX-License-Identifier: MIT
// The lives of workers: the verbs enlist, renew and retire.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

namespace cohort::sqlite {

class Enlist : public Operation {
public:
    explicit Enlist(WorkerInfo worker) : worker_{std::move(worker)} {}
    Progress step(Session& session) override;

private:
    WorkerInfo const worker_;
};

// T4. On a thread and a connection of its own.
class Renew : public Operation {
public:
    explicit Renew(Beat beat) : beat_{std::move(beat)} {}
    Progress step(Session& session) override;

    BeatReply reply;

private:
    void compare(Session& session);

    Beat const beat_;
};

// T8 for all that it holds.
class Retire : public Operation {
public:
    explicit Retire(std::string incarnation) : incarnation_{std::move(incarnation)} {}
    Progress step(Session& session) override;

private:
    std::string const incarnation_;
};

}  // namespace cohort::sqlite
