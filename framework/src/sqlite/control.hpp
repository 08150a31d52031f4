// SPDX-License-Identifier: MIT
// The verb cancel: T12 and T13.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

#include <vector>

namespace cohort::sqlite {

class Cancel : public Operation {
public:
    explicit Cancel(std::vector<JobRef> refs) : refs_{std::move(refs)} {}
    Progress step(Session& session) override;
    void keep() override { kept_ = verdicts.size(); }
    void rewind() override { verdicts.resize(kept_); }

    std::vector<CancelVerdict> verdicts;

private:
    std::vector<JobRef> const refs_;
    std::size_t kept_ = 0;
};

// T16, asked for.
class Forget : public Operation {
public:
    explicit Forget(std::vector<JobRef> refs) : refs_{std::move(refs)} {}
    Progress step(Session& session) override;
    void keep() override { kept_ = done.size(); }
    void rewind() override { done.resize(kept_); }

    std::vector<bool> done;

private:
    std::vector<JobRef> const refs_;
    std::size_t kept_ = 0;
};

}  // namespace cohort::sqlite
