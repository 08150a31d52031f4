// SPDX-License-Identifier: MIT
#include "redis/record.hpp"
#include "redis/verbs.hpp"

#include <cohort/id.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <map>
#include <unordered_set>

namespace cohort::redis {
namespace {

// The server works at one call while the next one is made.
constexpr std::size_t most_per_push = 128;

// As slice_by_queue, but no id comes twice in one: the script compares with what was there before it.
std::vector<Slice> slices_of(std::vector<NewJob> const& jobs) {
    std::vector<Slice> slices;
    std::map<std::string_view, std::size_t> open;  // by queue: which slice takes the next of it
    std::map<std::string_view, std::unordered_set<std::string_view>> ids;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        auto const& queue = jobs[i].ref.queue;
        auto const found = open.find(queue);
        auto& known = ids[queue];
        bool const begins = found == open.end() || is_full(slices[found->second], most_per_push) ||
                            known.contains(jobs[i].ref.id);
        if (begins) {
            open[queue] = slices.size();
            slices.push_back({queue, {}, 0});
            known.clear();
        }
        known.insert(jobs[i].ref.id);
        Slice& slice = slices[open[queue]];
        slice.at.push_back(i);
        slice.bytes += jobs[i].arguments.size();
    }
    return slices;
}

// What was asked for it, or for all.
Replicas replicas_of(NewJob const& job, Config const& config) {
    return job.replicas.value_or(Replicas{static_cast<std::uint32_t>(config.replicas), config.replication});
}

// A call waits for the most that one of its jobs wants.
void demand_replicas(Call& call, std::vector<NewJob> const& jobs, Slice const& slice, Config const& config) {
    for (std::size_t const i : slice.at) {
        Replicas const wanted = replicas_of(jobs[i], config);
        if (wanted.count == 0) continue;
        call.replicas = std::max<std::int64_t>(call.replicas, wanted.count);
        call.replication = std::max(call.replication, wanted.within);
    }
}

Call push_call(Core const& core, std::vector<NewJob> const& jobs, Slice const& slice) {
    std::vector<std::string> options;
    options.reserve(slice.at.size());
    bool is_plain = true;
    for (std::size_t const i : slice.at) {
        options.push_back(encode_options(jobs[i]));
        is_plain = is_plain && options.back().empty();
    }
    std::vector<std::string> arguments{core.time_of_test(), is_plain ? "2" : "3"};
    arguments.reserve(2 + slice.at.size() * (is_plain ? 2 : 3));
    for (std::size_t n = 0; n < slice.at.size(); ++n) {
        NewJob const& job = jobs[slice.at[n]];
        arguments.push_back(job.ref.id);
        arguments.push_back(encode_record(job, static_cast<std::uint16_t>(n)));
        if (!is_plain) arguments.push_back(std::move(options[n]));
    }
    auto keys = core.keys(slice.queue)
                    .list({"jobs", "list", "prio", "due", "expires", "unique", "meta", "wake", "ended",
                           "dead", "results"});
    Call call{push_script, Effect::write, std::move(keys), std::move(arguments)};
    demand_replicas(call, jobs, slice, core.config);
    return call;
}

PushResult result_of(NewJob const& job, View verdict) {
    PushResult result;
    if (!verdict.text().empty()) {
        result.verdict = PushVerdict::duplicate;
        result.existing = verdict.text();
    } else if (verdict.integer() == 1) {
        result.verdict = PushVerdict::refused;
        result.code = errc::duplicate_job_id;
        result.detail = "job " + to_string(job.ref) + " exists with another name or other arguments";
    } else if (verdict.integer() == 2) {
        result.verdict = PushVerdict::refused;
        result.code = errc::queue_full;
        result.detail = "queue " + job.ref.queue + " has its max_length of waiting jobs";
    } else {
        result.is_repeat = verdict.integer() == 3;
    }
    return result;
}

// Nothing was left of the queue, and so perhaps not of the list of queues either.
bool is_first_of_queue(View answer, Slice const& slice) {
    return answer.is_array() ? answer.size() > slice.at.size() : answer.integer() == 1;
}

// Those that were taken for registered and are not. Where it fails, or there is no time for it, the next push
// does it: what has been stored is told in any case.
awaitable<void> register_again(CorePtr core, RoutePtr route, std::vector<std::string> queues) {
    std::vector<Call> calls;
    for (auto const& queue : queues) {
        core->not_registered(queue);
        calls.push_back(core->registration(queue));
    }
    auto const outcomes = co_await ask_all(route, core->config, std::move(calls));
    for (std::size_t i = 0; i < queues.size(); ++i) {
        if (!outcomes[i].error()) core->registered(queues[i]);
    }
}

PushResult failure_of(std::exception_ptr const& error) {
    PushResult result;
    result.verdict = PushVerdict::refused;
    result.code = errc::unavailable;
    try {
        std::rethrow_exception(error);
    } catch (Error const& known) {
        if (known.which() == errc::uncertain) result.verdict = PushVerdict::uncertain;
        result.code = known.which();
        result.detail = known.detail();
    } catch (std::exception const&) {
        result.detail = "it was cancelled before it was sent";
    }
    return result;
}

// What is stored on too few servers may be lost with the first of them.
void doubt(PushResult& result, std::int64_t have, Replicas wanted) {
    if (result.verdict != PushVerdict::stored || have >= wanted.count) return;
    result.verdict = PushVerdict::uncertain;
    result.code = errc::uncertain;
    result.detail = too_few_replicas(have, wanted.count, wanted.within);
}

}  // namespace

awaitable<std::vector<PushResult>> push(CorePtr core, std::vector<NewJob> jobs) {
    for (NewJob const& job : jobs) {
        check_queue_name(job.ref.queue);
        check_job_id(job.ref.id);
        check_job_name(job.name);
        check_record(job);
    }
    core->check_open();
    auto const slices = slices_of(jobs);
    std::vector<Call> calls;
    std::vector<std::string> registered;
    for (Slice const& slice : slices) {
        if (core->is_registered(slice.queue)) continue;
        calls.push_back(core->registration(slice.queue));
        registered.push_back(slice.queue);
    }
    auto const& config = core->config;
    bool const is_replicated =
        std::ranges::any_of(jobs, [&](NewJob const& job) { return replicas_of(job, config).count > 0; });
    auto const route = core->writes(is_replicated);
    auto const push_next = [&](std::size_t i) {
        return push_call(*core, jobs, slices[i - registered.size()]);
    };
    CallsToMake const rest{slices.size(), push_next};
    auto const outcomes = co_await ask_all(route, config, std::move(calls), rest);
    for (std::size_t i = 0; i < registered.size(); ++i) {
        if (!outcomes[i].error()) core->registered(registered[i]);
    }

    std::vector<PushResult> results(jobs.size());
    std::exception_ptr first;
    std::size_t failed = 0;
    std::vector<std::string> missing;
    for (std::size_t s = 0; s < slices.size(); ++s) {
        Outcome const& outcome = outcomes[registered.size() + s];
        if (outcome.error()) {
            if (!first) first = outcome.error();
            ++failed;
        } else if (std::ranges::find(registered, slices[s].queue) == registered.end()) {
            bool const is_missing =
                is_first_of_queue(outcome.get(), slices[s]) || !core->is_registered(slices[s].queue);
            if (is_missing) missing.push_back(slices[s].queue);
        }
        for (std::size_t n = 0; n < slices[s].at.size(); ++n) {
            std::size_t const i = slices[s].at[n];
            if (outcome.error()) {
                results[i] = failure_of(outcome.error());
                continue;
            }
            if (outcome.get().is_array()) results[i] = result_of(jobs[i], outcome.get()[n]);
            doubt(results[i], outcome.replicas(), replicas_of(jobs[i], config));
        }
    }
    if (!missing.empty()) {
        bool const throws = co_await boost::asio::this_coro::throw_if_cancelled();
        co_await boost::asio::this_coro::throw_if_cancelled(false);
        co_await register_again(core, route, std::move(missing));
        co_await boost::asio::this_coro::throw_if_cancelled(throws);
    }
    // Where nothing was stored, the trouble is everybody's; else each job says what became of it.
    if (first && failed == slices.size()) std::rethrow_exception(first);
    co_return results;
}

}  // namespace cohort::redis
