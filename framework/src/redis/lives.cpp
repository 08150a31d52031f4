// SPDX-License-Identifier: MIT
// The verbs about workers' lives: each queue knows of the lives of its workers.
#include "redis/record.hpp"
#include "redis/verbs.hpp"

#include <cohort/id.hpp>

#include <algorithm>

namespace cohort::redis {
namespace {

constexpr char const* most_moved = "500";
// So often at most more is moved for one life. What is left is in :lost, and upkeep goes on with it.
constexpr int most_rounds = 100;

void check_incarnation(std::string const& incarnation) {
    if (incarnation.empty()) throw Error{errc::invalid_config, "a worker needs an incarnation"};
    if (incarnation.size() > 200)
        throw Error{errc::invalid_config, "an incarnation has at most 200 characters"};
}

// Where a worker is enlisted that came to the server through another broker object. None: nowhere.
awaitable<std::vector<std::string>> find_queues(CorePtr core, std::string incarnation) {
    auto known = core->enlisted(incarnation);
    if (!known.empty()) co_return known;
    auto const names = co_await queue_names(core);
    std::vector<Call> calls;
    for (auto const& queue : names) {
        calls.emplace_back(Effect::none,
                           std::vector<std::string>{"HGET", core->keys(queue)("lives"), incarnation});
    }
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    for (auto const& outcome : outcomes) {
        auto const life = outcome.get().text();
        if (life.empty()) continue;
        auto const worker = read_worker(incarnation, life, 0);
        if (!worker) continue;
        known = worker->queues;
        core->remember(incarnation, known);
        break;
    }
    co_return known;
}

void add_answer(BeatReply& reply, std::string const& queue, View answer) {
    reply.retired = reply.retired || answer.size() == 0;
    for (std::size_t i = 0; i < answer[0].size(); ++i)
        reply.cancel.push_back(JobRef{queue, std::string{answer[0][i].text()}});
    for (std::size_t i = 0; i < answer[1].size(); ++i) {
        if (answer[2][i].is_nil()) continue;
        JobRef ref{queue, std::string{answer[1][i].text()}};
        reply.strays.push_back(decode_record(std::move(ref), answer[2][i].text(), answer[3][i].text(), ""));
    }
}

}  // namespace

awaitable<void> enlist(CorePtr core, WorkerInfo worker) {
    check_incarnation(worker.incarnation);
    if (worker.queues.empty()) throw Error{errc::invalid_queue_name, "a worker needs at least one queue"};
    for (auto const& queue : worker.queues)
        check_queue_name(queue);
    if (worker.lease <= 0s) throw Error{errc::invalid_lease, to_string(worker.lease) + " is not more than 0"};
    core->check_open();
    // After a break it has a third of its lease for its next beat: with what the worker takes until it tries
    // again, this is a quarter.
    core->beats()->hurry(std::min<Duration>(worker.lease / 6, 10s));

    std::string const info = encode_worker(worker);
    std::vector<Call> calls;
    for (auto const& queue : worker.queues) {
        // Also where that was done: a worker that enlists anew may do so because all was deleted.
        calls.push_back(core->registration(queue));
        calls.emplace_back(enlist_script, Effect::write,
                           core->keys(queue).list({"beats", "lives", "held", "meta"}),
                           std::vector<std::string>{core->time_of_test(), worker.incarnation,
                                                    std::to_string(to_server(worker.lease)), info});
    }
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    for (auto const& outcome : outcomes)
        outcome.get();
    for (auto const& queue : worker.queues)
        core->registered(queue);
    core->remember(worker.incarnation, worker.queues);
}

awaitable<BeatReply> renew(CorePtr core, Beat beat) {
    check_incarnation(beat.incarnation);
    core->check_open();
    auto const queues = co_await find_queues(core, beat.incarnation);
    std::vector<Call> calls;
    for (auto const& queue : queues) {
        auto const is_here = [&](Held const& held) { return held.queue == queue; };
        auto const told = std::find_if(beat.held.begin(), beat.held.end(), is_here);
        auto const count = told == beat.held.end() ? 0 : told->jobs;
        auto keys = core->keys(queue).list({"jobs", "running", "beats", "lives", "held", "cancels"});
        calls.emplace_back(
            renew_script, Effect::write, std::move(keys),
            std::vector<std::string>{core->time_of_test(), beat.incarnation, std::to_string(count)});
    }
    BeatReply reply;
    reply.retired = queues.empty();
    auto const outcomes = co_await ask_all(core->beats(), core->config, std::move(calls));
    for (std::size_t i = 0; i < queues.size(); ++i)
        add_answer(reply, queues[i], outcomes[i].get());
    if (!reply.retired) co_return reply;
    co_await end_life(core, beat.incarnation, queues, Farewell::lost);
    BeatReply retired;
    retired.retired = true;
    co_return retired;
}

awaitable<void> end_life(CorePtr core, std::string incarnation, std::vector<std::string> queues,
                         Farewell how) {
    for (auto const& queue : core->enlisted(incarnation)) {
        if (std::find(queues.begin(), queues.end(), queue) == queues.end()) queues.push_back(queue);
    }
    core->forget(incarnation);
    // First all are fenced, then each is emptied.
    for (int round = 0; !queues.empty() && round < most_rounds; ++round) {
        std::vector<Call> calls;
        for (auto const& queue : queues) {
            calls.push_back(
                whole_queue_call(*core, retire_script, queue,
                                 {incarnation, most_moved, how == Farewell::released ? "released" : "lost"}));
        }
        auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
        std::vector<std::string> rest;
        for (std::size_t i = 0; i < queues.size(); ++i) {
            if (outcomes[i].get().integer() == 1) rest.push_back(queues[i]);
        }
        queues = std::move(rest);
    }
}

awaitable<void> retire(CorePtr core, std::string incarnation) {
    check_incarnation(incarnation);
    core->check_open();
    auto queues = co_await find_queues(core, incarnation);
    co_await end_life(core, incarnation, std::move(queues), Farewell::released);
}

}  // namespace cohort::redis
