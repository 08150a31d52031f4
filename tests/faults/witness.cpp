// SPDX-License-Identifier: MIT
#include "faults/witness.hpp"

#include <cohort/sleep.hpp>

#include <utility>

namespace faults {

using cohort::awaitable;
using namespace std::chrono_literals;

Witness::Witness(std::shared_ptr<cohort::Broker> broker, std::shared_ptr<Ledger> ledger, std::string worker)
    : broker_{std::move(broker)}, ledger_{std::move(ledger)}, worker_{std::move(worker)} {}

// A caller's deadline ends the wait: sleeping honours cancellation.
awaitable<void> Witness::gate() {
    while (is_cut_)
        co_await cohort::sleep_for(5ms);
}

template<class T>
awaitable<T> Witness::pass(awaitable<T> call) {
    co_await gate();
    T reply = co_await std::move(call);
    co_await gate();
    co_return reply;
}

// What a worker asks for by itself: jobs of schedules. That another one has stored a job is a promise too.
awaitable<std::vector<cohort::PushResult>> Witness::push(std::vector<cohort::NewJob> jobs) {
    co_await gate();
    std::vector<std::string> ids;
    for (auto const& job : jobs)
        ids.push_back(job.ref.id);
    for (auto const& id : ids)
        ledger_->write("invoke", {id});
    std::vector<cohort::PushResult> results = co_await broker_->push(std::move(jobs));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (results[i].verdict == cohort::PushVerdict::stored) ledger_->write("ok", {ids[i]});
    }
    co_await gate();
    co_return results;
}

awaitable<void> Witness::enlist(cohort::WorkerInfo worker) {
    co_await gate();
    co_await broker_->enlist(std::move(worker));
}

awaitable<cohort::BeatReply> Witness::renew(cohort::Beat beat) {
    return pass(broker_->renew(std::move(beat)));
}

awaitable<void> Witness::retire(std::string incarnation) {
    co_await gate();
    co_await broker_->retire(std::move(incarnation));
}

awaitable<cohort::ClaimReply> Witness::claim(cohort::ClaimParams params) {
    return pass(broker_->claim(std::move(params)));
}

awaitable<std::vector<cohort::Verdict>> Witness::settle(std::vector<cohort::Settlement> settlements) {
    co_await gate();
    std::vector<cohort::Settlement> const said = settlements;
    std::vector<cohort::Verdict> verdicts = co_await broker_->settle(std::move(settlements));
    for (std::size_t i = 0; i < said.size(); ++i) {
        ledger_->write("commit", {said[i].ref.id, to_string(said[i].kind), to_string(verdicts[i]),
                                  cohort::to_string(said[i].token), worker_});
    }
    co_await gate();
    co_return verdicts;
}

awaitable<std::vector<cohort::CancelVerdict>> Witness::cancel(std::vector<cohort::JobRef> refs) {
    return pass(broker_->cancel(std::move(refs)));
}

awaitable<std::vector<std::optional<cohort::JobRecord>>> Witness::status(std::vector<cohort::JobRef> refs) {
    return pass(broker_->status(std::move(refs)));
}

awaitable<std::vector<cohort::Ending>> Witness::results(std::vector<cohort::JobRef> refs) {
    return pass(broker_->results(std::move(refs)));
}

awaitable<std::vector<cohort::EndedJob>> Witness::watch(cohort::WatchParams params) {
    return pass(broker_->watch(std::move(params)));
}

awaitable<cohort::UpkeepReply> Witness::upkeep(cohort::UpkeepParams params) {
    return pass(broker_->upkeep(std::move(params)));
}

}  // namespace faults
