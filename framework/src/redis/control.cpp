// SPDX-License-Identifier: MIT
// The verbs of control and reading: cancel, status, results, watch, upkeep.
#include "redis/record.hpp"
#include "redis/verbs.hpp"

#include <cohort/id.hpp>

namespace cohort::redis {
namespace {

std::vector<Slice> slices_of(std::vector<JobRef> const& refs) {
    return slice_by_queue(refs, [](JobRef const& ref) -> Text const& { return ref.queue; });
}

std::vector<std::string> ids_of(std::vector<JobRef> const& refs, Slice const& slice) {
    std::vector<std::string> ids;
    for (std::size_t const i : slice.at)
        ids.push_back(refs[i].id);
    return ids;
}

Ending ending_of(JobRecord& record) {
    Ending ending;
    ending.state = record.state;
    if (!is_terminal(record.state)) return ending;
    ending.result = std::move(record.result);
    ending.reason = record.reason;
    ending.error = std::move(record.error);
    ending.attempt = record.counters.attempt;
    return ending;
}

}  // namespace

Call whole_queue_call(Core const& core, Script const& script, std::string const& queue,
                      std::vector<std::string> more) {
    std::vector<std::string> arguments{core.time_of_test(), channel_prefix(core.config.space), queue};
    for (auto& argument : more)
        arguments.push_back(std::move(argument));
    return Call{script, Effect::write, core.keys(queue).all(), std::move(arguments)};
}

awaitable<std::vector<std::string>> queue_names(CorePtr core) {
    Call call{Effect::none, {"SMEMBERS", queues_key(core->config.space)}};
    auto const outcome = co_await ask(core->commands(), core->config, std::move(call));
    View const names = outcome.get();
    std::vector<std::string> all;
    for (std::size_t i = 0; i < names.size(); ++i)
        all.emplace_back(names[i].text());
    std::sort(all.begin(), all.end());
    co_return all;
}

awaitable<std::vector<CancelVerdict>> cancel(CorePtr core, std::vector<JobRef> refs) {
    core->check_open();
    auto const slices = slices_of(refs);
    std::vector<Call> calls;
    for (Slice const& slice : slices)
        calls.push_back(whole_queue_call(*core, cancel_script, slice.queue, ids_of(refs, slice)));
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    std::vector<CancelVerdict> verdicts(refs.size(), CancelVerdict::unknown);
    for (std::size_t s = 0; s < slices.size(); ++s) {
        View const answers = outcomes[s].get();
        for (std::size_t n = 0; n < slices[s].at.size(); ++n)
            verdicts[slices[s].at[n]] = static_cast<CancelVerdict>(answers[n].integer());
    }
    co_return verdicts;
}

awaitable<std::vector<bool>> forget(CorePtr core, std::vector<JobRef> refs) {
    core->check_open();
    auto const slices = slices_of(refs);
    std::vector<Call> calls;
    for (Slice const& slice : slices)
        calls.push_back(whole_queue_call(*core, forget_script, slice.queue, ids_of(refs, slice)));
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    std::vector<bool> done(refs.size(), false);
    for (std::size_t s = 0; s < slices.size(); ++s) {
        View const answers = outcomes[s].get();
        for (std::size_t n = 0; n < slices[s].at.size(); ++n)
            done[slices[s].at[n]] = answers[n].integer() == 1;
    }
    co_return done;
}

awaitable<std::vector<std::optional<JobRecord>>> status(CorePtr core, std::vector<JobRef> refs, Sight sight) {
    core->check_open();
    auto const slices = slices_of(refs);
    std::vector<Call> calls;
    for (Slice const& slice : slices) {
        // At the beginning of time no retention has passed.
        std::vector<std::string> arguments{sight == Sight::stored ? "0" : core->time_of_test()};
        for (auto& id : ids_of(refs, slice))
            arguments.push_back(std::move(id));
        auto keys = core->keys(slice.queue).list({"jobs", "running", "results", "ended", "dead"});
        calls.emplace_back(read_script, Effect::none, std::move(keys), std::move(arguments));
    }
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    std::vector<std::optional<JobRecord>> records(refs.size());
    for (std::size_t s = 0; s < slices.size(); ++s) {
        View const found = outcomes[s].get();
        for (std::size_t n = 0; n < slices[s].at.size(); ++n) {
            std::size_t const i = slices[s].at[n];
            if (found[0][n].is_nil()) continue;
            records[i] = decode_record(refs[i], found[0][n].text(), found[1][n].text(), found[2][n].text());
        }
    }
    co_return records;
}

awaitable<std::vector<Ending>> results(CorePtr core, std::vector<JobRef> refs) {
    auto records = co_await status(core, std::move(refs));
    std::vector<Ending> endings(records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        endings[i].known = records[i].has_value();
        if (records[i]) endings[i] = ending_of(*records[i]);
    }
    co_return endings;
}

awaitable<std::vector<EndedJob>> watch(CorePtr core, WatchParams params) {
    if (params.client.empty()) throw Error{errc::invalid_config, "a watch names its client"};
    core->check_open();
    auto const subscriber = core->subscriber();
    auto ended = co_await subscriber->watch(std::move(params));
    co_return ended;
}

awaitable<UpkeepReply> upkeep(CorePtr core, UpkeepParams params) {
    if (params.limit == 0) throw Error{errc::invalid_config, "upkeep with a limit of 0"};
    for (auto const& name : params.queues)
        check_queue_name(name);
    core->check_open();
    auto const limit = std::to_string(std::min<std::uint32_t>(params.limit, most_per_call));
    // By the machine's clock: where a test's counts, it says nothing.
    Duration const known = core->time_of_test().empty() ? core->commands()->calm() : Duration::max();
    auto const calm = std::to_string(to_server(known));
    auto const most = std::to_string(core->config.limits.jobs);
    auto const most_bytes = std::to_string(core->config.limits.bytes);
    std::vector<Call> calls;
    for (auto const& queue : params.queues)
        calls.push_back(whole_queue_call(*core, upkeep_script, queue, {limit, calm, most, most_bytes}));
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    UpkeepReply reply;
    for (auto const& outcome : outcomes) {
        View const counts = outcome.get();
        auto const at = [&](std::size_t i) { return static_cast<std::uint32_t>(counts[i].integer()); };
        reply.promoted += at(0);
        reply.expired += at(1);
        reply.recovered += at(2);
        reply.died += at(3);
        reply.forgotten += at(4);
        reply.more = reply.more || at(5) != 0;
    }
    co_return reply;
}

}  // namespace cohort::redis
