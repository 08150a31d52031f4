// SPDX-License-Identifier: MIT
#include "base/failpoint.hpp"
#include "rabbitmq/stored_broker.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <chrono>

namespace cohort::rabbitmq {

using Steady = std::chrono::steady_clock;

namespace {

class Claiming {
public:
    explicit Claiming(EarPtr ear) : ear_{std::move(ear)} { ear_->enter(); }
    ~Claiming() { ear_->leave(); }
    Claiming(Claiming const&) = delete;
    Claiming& operator=(Claiming const&) = delete;

    Ear& ear() const noexcept { return *ear_; }

private:
    EarPtr const ear_;
};

// Nobody may call: for what falls due, and where a ticket was lost, it looks by itself.
Duration pause_after(ClaimReply const& reply, Duration poll, Duration left) {
    auto const due = std::max<Duration>(reply.next_due.value_or(poll), 1ms);
    return std::min({due, poll, left});
}

// One worker for each queue: it calls the next one.
Tickets::Counts count_queues(std::vector<JobRecord> const& jobs) {
    Tickets::Counts counts;
    for (auto const& job : jobs)
        counts[job.ref.queue] = 1;
    return counts;
}

}  // namespace

awaitable<ClaimReply> claim_from_store(StoredCorePtr core, ClaimParams params) {
    if (params.wait < 0s)
        throw Error{errc::invalid_timeout, "wait is " + to_string(params.wait) + "; it must be >= 0"};
    auto const until = Steady::now() + std::min<Duration>(params.wait, 24h * 365);
    Claiming const claiming{core->ear(params.incarnation)};
    Ear& ear = claiming.ear();
    for (bool has_waited = false;; has_waited = true) {
        Mark const mark = ear.mark();
        if (mark.ticket > 0) failpoint("ticket", "before_look");
        ClaimParams look = params;
        look.wait = 0s;
        auto looking = core->store->claim(std::move(look));
        ClaimReply reply = co_await std::move(looking);
        if (mark.ticket > 0) failpoint("ticket", "before_ack");
        // Where it has taken as many as it may, there may be more: somebody else is to look, by the ticket
        // that it holds, or, where these have fallen due unannounced, by another one.
        if (reply.jobs.size() < params.limit)
            ear.found_no_more(mark);
        else if (has_waited && mark.ticket == 0)
            core->call(count_queues(reply.jobs));
        if (reply.retired) core->forget(params.incarnation);
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        if (!reply.jobs.empty() || reply.retired || left <= 0s) co_return reply;
        auto listening = ear.listen(mark, params.queues, pause_after(reply, core->config.poll, left));
        co_await std::move(listening);
    }
}

}  // namespace cohort::rabbitmq
