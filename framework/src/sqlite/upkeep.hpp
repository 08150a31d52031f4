// SPDX-License-Identifier: MIT
// The verb upkeep: T2, T9-T11, T14 and T16, for whatever time has brought about.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

namespace cohort::sqlite {

class Upkeep : public Operation {
public:
    // `woken` is when this process or the machine last woke from a sleep (on the clock that never jumps):
    // from then on every worker has a third of its lease for a beat before it is taken for dead.
    Upkeep(UpkeepParams params, Duration woken) : params_{std::move(params)}, woken_{woken} {}

    Progress peek(Session& session) override;
    Progress step(Session& session) override;
    void keep() override;
    void rewind() override;

    UpkeepReply reply;

private:
    bool has_dead_workers(Session& session, std::int64_t queue) const;
    bool has_work(Session& session, std::int64_t queue) const;
    std::uint32_t count(std::uint32_t done);
    void retire_dead(Session& session, std::int64_t queue);
    void recover(Session& session, std::int64_t queue);
    void expire_late(Session& session, std::int64_t queue);
    void promote(Session& session, std::int64_t queue);
    void forget(Session& session, std::int64_t queue);

    UpkeepParams const params_;
    Duration const woken_;
    std::size_t next_ = 0;  // queue
    std::size_t kept_next_ = 0;
    UpkeepReply kept_;
};

}  // namespace cohort::sqlite
