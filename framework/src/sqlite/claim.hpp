// SPDX-License-Identifier: MIT
// The verb claim: T3, after T2 and T14 for what it meets.
#pragma once

#include "sqlite/operation.hpp"
#include "sqlite/session.hpp"

#include <cohort/broker.hpp>

#include <chrono>

namespace cohort::sqlite {

class Claim : public Operation {
public:
    explicit Claim(ClaimParams params);

    // An empty claim ends here, without any lock.
    Progress peek(Session& session) override;
    Progress step(Session& session) override;
    void rewind() override { reply = {}; }
    Waiting* waiting() noexcept override { return &waiting_; }

    ClaimReply reply;

private:
    struct Source {
        std::string const* name = nullptr;
        std::int64_t queue = 0;
        bool is_repeat = false;  // this number, or a later one, has had jobs from it
    };

    void find_sources(Session& session);
    // Finds out what the worker may claim; true when that ends the operation.
    bool is_settled(Session& session);
    void repeat(Session& session);
    static bool end_expired(Session& session, std::string const& queue, std::vector<Row>& rows);
    void take(Session& session, Source const& source);
    void note_vain(Session& session, std::int64_t queue);
    Progress wait_or_end(Session& session, std::optional<Instant> next_due);

    ClaimParams const params_;
    Waiting waiting_;
    std::chrono::steady_clock::time_point checked_{};
    std::int64_t worker_ = 0;
    std::vector<std::int64_t> in_vain_;  // queues that had nothing but what cannot be taken
    std::vector<Source> sources_;        // in the order of params_.queues
};

}  // namespace cohort::sqlite
