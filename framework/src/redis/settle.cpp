// SPDX-License-Identifier: MIT
#include "redis/record.hpp"
#include "redis/verbs.hpp"

namespace cohort::redis {
namespace {

constexpr std::int64_t not_running = 2;  // of succeed.lua

// Successes of one queue, grouped by token.
struct Successes {
    std::vector<std::size_t> at;  // in the order in which they are sent
    std::vector<std::string> arguments;
};

Successes group(Core const& core, std::vector<Settlement> const& settlements, Slice const& slice) {
    std::vector<std::pair<Token const*, std::vector<std::size_t>>> groups;
    for (std::size_t const i : slice.at) {
        Token const& token = settlements[i].token;
        if (groups.empty() || *groups.back().first != token) groups.push_back({&token, {}});
        groups.back().second.push_back(i);
    }
    Successes out;
    out.arguments = {core.time_of_test(), channel_prefix(core.config.space), slice.queue};
    for (auto const& [token, members] : groups) {
        out.arguments.push_back(encode_token(*token));
        out.arguments.push_back(std::to_string(members.size()));
        for (std::size_t const i : members) {
            out.at.push_back(i);
            out.arguments.push_back(settlements[i].ref.id);
            out.arguments.push_back(settlements[i].result);
        }
    }
    return out;
}

Verdict verdict_of(std::int64_t number) {
    if (number == 0) return Verdict::accepted;
    return number == 1 ? Verdict::fenced : Verdict::gone;
}

// Who is told that, settles again: it is then a repeat, and waits for the replicas once more.
void check_replicas(std::vector<Outcome> const& outcomes, Config const& config) {
    for (auto const& outcome : outcomes) {
        if (outcome.error() || outcome.replicas() >= config.replicas) continue;
        throw Error{errc::uncertain,
                    config.masked + ": " +
                        too_few_replicas(outcome.replicas(), config.replicas, config.replication)};
    }
}

// Sends what writes, and sees to it that enough servers have it.
awaitable<std::vector<Outcome>> write_all(CorePtr core, std::vector<Call> calls) {
    bool const is_replicated = core->config.replicas > 0;
    for (Call& call : calls) {
        if (!is_replicated) break;
        call.replicas = core->config.replicas;
        call.replication = core->config.replication;
    }
    auto outcomes = co_await ask_all(core->writes(is_replicated), core->config, std::move(calls));
    check_replicas(outcomes, core->config);
    co_return outcomes;
}

// Sends what report.lua decides about, and puts the verdicts where they belong.
awaitable<void> report(CorePtr core, std::vector<Settlement> const& settlements,
                       std::vector<std::size_t> which, std::vector<Verdict>& verdicts) {
    auto const slices =
        slice_by_queue(which, [&](std::size_t i) -> Text const& { return settlements[i].ref.queue; });
    std::vector<Call> calls;
    for (Slice const& slice : slices) {
        std::vector<std::string> arguments;
        for (std::size_t const n : slice.at) {
            Settlement const& settlement = settlements[which[n]];
            bool const is_result =
                settlement.kind == SettleKind::note || settlement.kind == SettleKind::succeeded;
            arguments.push_back(settlement.ref.id);
            arguments.push_back(encode_token(settlement.token));
            arguments.push_back(encode_report(settlement));
            arguments.push_back(is_result ? settlement.result : settlement.error);
        }
        calls.push_back(whole_queue_call(*core, report_script, slice.queue, std::move(arguments)));
    }
    auto const outcomes = co_await write_all(core, std::move(calls));
    for (std::size_t s = 0; s < slices.size(); ++s) {
        View const answers = outcomes[s].get();
        for (std::size_t n = 0; n < slices[s].at.size(); ++n)
            verdicts[which[slices[s].at[n]]] = verdict_of(answers[n].integer());
    }
}

}  // namespace

awaitable<std::vector<Verdict>> settle(CorePtr core, std::vector<Settlement> settlements) {
    core->check_open();
    std::vector<Verdict> verdicts(settlements.size(), Verdict::gone);
    std::vector<std::size_t> successes;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < settlements.size(); ++i) {
        bool const is_success = settlements[i].kind == SettleKind::succeeded;
        (is_success ? successes : others).push_back(i);
    }
    // Notes and other ends first: a note that comes with its run's success belongs to the run.
    if (!others.empty()) co_await report(core, settlements, others, verdicts);
    if (successes.empty()) co_return verdicts;

    auto const slices = slice_by_queue(
        successes, [&](std::size_t n) -> Text const& { return settlements[n].ref.queue; },
        [&](std::size_t n) { return settlements[n].result.size(); });
    std::vector<Call> calls;
    std::vector<std::vector<std::size_t>> sent;
    for (Slice slice : slices) {
        for (auto& n : slice.at)
            n = successes[n];
        Successes grouped = group(*core, settlements, slice);
        sent.push_back(std::move(grouped.at));
        auto keys =
            core->keys(slice.queue)
                .list({"jobs", "running", "beats", "held", "results", "ended", "unique", "cancels", "meta"});
        calls.emplace_back(succeed_script, Effect::write, std::move(keys), std::move(grouped.arguments));
    }
    auto const outcomes = co_await write_all(core, std::move(calls));
    std::vector<std::size_t> repeats;
    for (std::size_t s = 0; s < sent.size(); ++s) {
        View const answers = outcomes[s].get();
        for (std::size_t n = 0; n < sent[s].size(); ++n) {
            verdicts[sent[s][n]] = verdict_of(answers[n].integer());
            if (answers[n].integer() == not_running) repeats.push_back(sent[s][n]);
        }
    }
    if (!repeats.empty()) co_await report(core, settlements, repeats, verdicts);
    co_return verdicts;
}

}  // namespace cohort::redis
