// SPDX-License-Identifier: MIT
// The verb settle: T5-T8, T11 and notes.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

#include <exception>
#include <map>
#include <vector>

namespace cohort::sqlite {

class Settle : public Operation {
public:
    explicit Settle(std::vector<Settlement> settlements);

    Progress step(Session& session) override;
    void keep() override { kept_ = verdicts.size(); }
    void rewind() override { verdicts.resize(kept_); }

    std::vector<Verdict> verdicts;

private:
    Verdict settle_one(Session& session, std::size_t index);
    // What is to be stored, after the hook was called.
    Settlement call_hook(Session& session, std::size_t index);

    std::vector<Settlement> const settlements_;
    std::size_t kept_ = 0;
    std::map<std::size_t, std::exception_ptr>
        failed_;  // hooks that have undone a transaction: not called again
};

}  // namespace cohort::sqlite
