// SPDX-License-Identifier: MIT
// The verbs status and results: reading, without any lock.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

#include <vector>

namespace cohort::sqlite {

class Status : public Operation {
public:
    explicit Status(std::vector<JobRef> refs) : refs_{std::move(refs)} {}
    Progress step(Session& session) override;

    std::vector<std::optional<JobRecord>> records;

private:
    std::vector<JobRef> const refs_;
};

class Results : public Operation {
public:
    explicit Results(std::vector<JobRef> refs) : refs_{std::move(refs)} {}
    Progress step(Session& session) override;

    std::vector<Ending> endings;

private:
    std::vector<JobRef> const refs_;
};

// How a job ended; without the rest of its record.
Ending read_ending(Session& session, JobRef const& ref);

}  // namespace cohort::sqlite
