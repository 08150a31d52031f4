// SPDX-License-Identifier: MIT
#include "redis/operators.hpp"

#include "redis/record.hpp"

#include <cohort/id.hpp>

#include <algorithm>
#include <tuple>

namespace cohort::redis {
namespace {

constexpr char const* most_faults = "20";

QueueInfo info_of(std::string const& name, View answer) {
    QueueInfo info;
    info.name = name;
    for (std::size_t i = 0; i < info.jobs.size(); ++i)
        info.jobs[i] = static_cast<std::uint64_t>(answer[0][i].integer());
    info.paused = answer[1].integer() != 0;
    info.options.max_length = static_cast<std::uint64_t>(answer[2].integer());
    if (answer[3].integer() >= 0) info.oldest = Duration{answer[3].integer()};
    return info;
}

// A command about a queue, which exists from then on.
awaitable<void> order(CorePtr core, std::string const& queue, std::vector<Call> calls) {
    calls.push_back(core->registration(queue));
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    for (auto const& outcome : outcomes)
        outcome.get();
    core->registered(queue);
}

}  // namespace

awaitable<std::vector<QueueInfo>> queue_infos(CorePtr core) {
    core->check_open();
    auto const names = co_await queue_names(core);
    std::vector<Call> calls;
    for (auto const& name : names)
        calls.push_back(whole_queue_call(*core, info_script, name, {}));
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    std::vector<QueueInfo> infos;
    for (std::size_t i = 0; i < names.size(); ++i)
        infos.push_back(info_of(names[i], outcomes[i].get()));
    co_return infos;
}

awaitable<void> configure(CorePtr core, std::string queue, QueueOptions options) {
    check_queue_name(queue);
    core->check_open();
    std::string const meta = core->keys(queue)("meta");
    std::vector<Call> calls;
    if (options.max_length == 0) {
        calls.emplace_back(Effect::write, std::vector<std::string>{"HDEL", meta, "max"});
    } else {
        calls.emplace_back(Effect::write,
                           std::vector<std::string>{"HSET", meta, "max", std::to_string(options.max_length)});
    }
    co_await order(core, queue, std::move(calls));
}

awaitable<void> pause(CorePtr core, std::string queue) {
    check_queue_name(queue);
    core->check_open();
    std::vector<Call> calls;
    calls.emplace_back(Effect::write,
                       std::vector<std::string>{"HSET", core->keys(queue)("meta"), "paused", "1"});
    co_await order(core, queue, std::move(calls));
}

awaitable<void> resume(CorePtr core, std::string queue) {
    check_queue_name(queue);
    core->check_open();
    std::vector<Call> calls;
    calls.emplace_back(resume_script, Effect::write, core->keys(queue).list({"meta", "wake"}),
                       std::vector<std::string>{});
    co_await order(core, queue, std::move(calls));
}

awaitable<std::optional<JobRecord>> find_by_id(CorePtr core, std::string id) {
    core->check_open();
    auto const names = co_await queue_names(core);
    std::vector<JobRef> refs;
    for (auto const& name : names)
        refs.push_back(JobRef{name, id});
    auto records = co_await status(core, std::move(refs));
    std::optional<JobRecord> found;
    for (auto& record : records) {
        if (record) found = std::move(record);
    }
    co_return found;
}

awaitable<std::vector<bool>> requeue(CorePtr core, std::vector<JobRef> refs) {
    core->check_open();
    auto const slices = slice_by_queue(refs, [](JobRef const& ref) -> Text const& { return ref.queue; });
    std::vector<Call> calls;
    for (Slice const& slice : slices) {
        std::vector<std::string> ids;
        for (std::size_t const i : slice.at)
            ids.push_back(refs[i].id);
        calls.push_back(whole_queue_call(*core, requeue_script, slice.queue, std::move(ids)));
    }
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    std::vector<bool> done(refs.size(), false);
    for (std::size_t s = 0; s < slices.size(); ++s) {
        View const answers = outcomes[s].get();
        for (std::size_t n = 0; n < slices[s].at.size(); ++n)
            done[slices[s].at[n]] = answers[n].integer() == 1;
    }
    co_return done;
}

awaitable<std::vector<WorkerInfo>> workers(CorePtr core) {
    core->check_open();
    auto const names = co_await queue_names(core);
    std::vector<Call> calls;
    for (auto const& name : names) {
        auto const keys = core->keys(name);
        calls.emplace_back(Effect::none, std::vector<std::string>{"HGETALL", keys("lives")});
        calls.emplace_back(Effect::none,
                           std::vector<std::string>{"ZRANGE", keys("beats"), "0", "-1", "WITHSCORES"});
    }
    auto const outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
    std::map<std::string, WorkerInfo> all;  // a worker of several queues is in each
    for (std::size_t i = 0; i < outcomes.size(); i += 2) {
        View const lives = outcomes[i].get();
        View const beats = outcomes[i + 1].get();
        std::map<std::string_view, std::int64_t> deadlines;
        for (std::size_t n = 0; n + 1 < beats.size(); n += 2)
            deadlines[beats[n].text()] =
                static_cast<std::int64_t>(std::stod(std::string{beats[n + 1].text()}));
        for (std::size_t n = 0; n + 1 < lives.size(); n += 2) {
            auto const deadline = deadlines.find(lives[n].text());
            if (deadline == deadlines.end()) continue;  // retired between the two readings
            std::string const incarnation{lives[n].text()};
            auto worker = read_worker(incarnation, lives[n + 1].text(), deadline->second);
            if (worker) all[incarnation] = std::move(*worker);
        }
    }
    std::vector<WorkerInfo> infos;
    for (auto& [incarnation, info] : all)
        infos.push_back(std::move(info));
    auto const is_before = [](WorkerInfo const& a, WorkerInfo const& b) {
        return std::tie(a.since, a.incarnation) < std::tie(b.since, b.incarnation);
    };
    std::sort(infos.begin(), infos.end(), is_before);
    co_return infos;
}

awaitable<std::vector<std::string>> audit(CorePtr core) {
    core->check_open();
    auto const names = co_await queue_names(core);
    std::vector<std::string> faults;
    for (auto const& name : names) {
        Call call = whole_queue_call(*core, audit_script, name, {most_faults});
        auto const outcome = co_await ask(core->commands(), core->config, std::move(call));
        View const found = outcome.get();
        for (std::size_t i = 0; i < found.size(); ++i)
            faults.emplace_back(found[i].text());
    }
    co_return faults;
}

}  // namespace cohort::redis
