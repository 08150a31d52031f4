// SPDX-License-Identifier: MIT
// What a worker is told of its schedules before run(), checked.
#include "base/text.hpp"
#include "broker/desk.hpp"
#include "broker/sender.hpp"
#include "worker/shared.hpp"

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

// Workers differ in their clocks, and jobs of ticks have to be known for longer than anybody may give them.
constexpr Duration clocks_differ = 1h;

void check_stored_once(Broker const& broker) {
    if (broker.capabilities().stored_once) return;
    throw Error{
        errc::not_supported,
        "schedules need a broker that stores an id once, and " + std::string{broker.name()} +
            " keeps no records: give it a store (store=sqlite:FILE), or give the schedules to a worker on "
            "sqlite: or redis:, whose jobs may enqueue here"};
}

void check_catch_up(std::string_view name, Duration catch_up) {
    if (catch_up >= 1s && catch_up <= 24h * 366) return;
    throw Error{errc::invalid_schedule, "schedule " + std::string{name} + ": catch_up " +
                                            to_string(catch_up) + " not in 1s..366 days"};
}

EnqueueOptions call_options(ScheduleOptions const& options, std::string_view id) {
    return {.id = id,
            .queue = options.queue,
            .expires = options.expires,
            .priority = options.priority,
            .timeout = options.timeout,
            .max_retries = options.max_retries,
            .max_lost = options.max_lost,
            .backoff = options.backoff,
            .unique = options.unique,
            .keep_result = options.keep_result,
            .keep_error = options.keep_error,
            .replicas = options.replicas};
}

}  // namespace

void Worker::add_schedule(std::string_view name, Schedule when, detail::JobInfo const& info,
                          ScheduleOptions const& options, std::string arguments) {
    Shared& shared = *shared_;
    shared.refuse_when_started("schedule()");
    check_schedule_name(name);
    check_stored_once(shared.front.broker());
    check_catch_up(name, options.catch_up);
    if (std::ranges::find(shared.schedules, name, &Planned::name) != shared.schedules.end()) {
        throw Error{errc::invalid_schedule, "schedule " + std::string{name} +
                                                " is there already; the ids of its jobs would be the same"};
    }

    // Options mean here what they mean to a client.
    DeskOptions enqueuing;
    enqueuing.sender = "schedule " + std::string{name} + ", " + sender(shared.options.name);
    Desk const desk{shared.front.share(), std::move(enqueuing)};
    Id const id = tick_id(name, Instant{});
    NewJob job = desk.prepare(info.name, info.options, call_options(options, id));
    job.client.clear();  // nobody waits for it
    job.arguments = std::move(arguments);
    Duration const known = options.catch_up + clocks_differ;
    job.policy.keep_result = std::max(job.policy.keep_result, known);
    job.policy.keep_error = std::max(job.policy.keep_error, known);
    shared.schedules.push_back({std::string{name}, std::move(when), options.catch_up, std::move(job)});
}

std::vector<ScheduleInfo> Worker::schedules() const {
    std::vector<ScheduleInfo> all;
    for (auto const& planned : shared_->schedules)
        all.push_back({planned.name, planned.when, planned.job.name, planned.job.ref.queue});
    return all;
}

}  // namespace cohort
