// SPDX-License-Identifier: MIT
// The verb push: T1.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

#include <vector>

namespace cohort::sqlite {

class Push : public Operation {
public:
    explicit Push(std::vector<NewJob> jobs);

    Progress step(Session& session) override;
    void keep() override { kept_ = results.size(); }
    void rewind() override { results.resize(kept_); }

    std::vector<PushResult> results;

private:
    PushResult store(Session& session, NewJob const& job);

    std::vector<NewJob> const jobs_;
    std::size_t kept_ = 0;
};

}  // namespace cohort::sqlite
