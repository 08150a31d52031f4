// SPDX-License-Identifier: MIT
#include "broker/desk.hpp"

#include "base/recycled.hpp"

#include <algorithm>
#include <utility>

namespace cohort {

namespace {

constexpr Duration century = std::chrono::years{100};

std::string quoted(Duration span) {
    return to_string(span);
}

Duration wait_before(NewJob const& job) {
    return job.eta ? std::max<Duration>(*job.eta - system_clock().now(), 0s) : job.delay;
}

void check_times(NewJob const& job) {
    if (job.delay < 0s) throw Error{errc::invalid_delay, quoted(job.delay) + " is negative; use 0 or more"};
    if (job.delay > century) throw Error{errc::invalid_delay, quoted(job.delay) + " is more than 100 years"};
    if (job.eta && *job.eta - Instant{} > century * 10) {
        throw Error{errc::invalid_delay,
                    "eta " + to_string(*job.eta) + " is more than 1000 years after 1970"};
    }
    if (!job.expires) return;
    if (*job.expires <= 0s) throw Error{errc::invalid_expiry, quoted(*job.expires) + " must be more than 0"};
    auto const wait = wait_before(job);
    if (*job.expires < wait) {
        throw Error{errc::invalid_expiry,
                    "the job would expire " + to_string(wait - *job.expires) + " before it may start"};
    }
}

void check_replicas(Replicas const& wanted, Capabilities const& capabilities) {
    if (!capabilities.replicas) {
        throw Error{errc::not_supported, "this broker has no replicas to wait for; the Redis broker has"};
    }
    if (wanted.count < 1 || wanted.count > 100)
        throw Error{errc::invalid_config, "replicas " + std::to_string(wanted.count) + " not in 1..100"};
    if (wanted.within <= 0s) {
        throw Error{errc::invalid_timeout,
                    "replicas within " + to_string(wanted.within) + "; must be more than 0"};
    }
}

}  // namespace

Desk::Desk(std::shared_ptr<Broker> broker, DeskOptions options)
    : options_{std::move(options)}, queue_{options_.queue}, sender_{options_.sender},
      client_{options_.reply_to.empty() ? random_id() : options_.reply_to},
      front_{std::move(broker), options_.deadline, "client " + options_.name},
      waits_{front_, client_, options_.poll, !options_.reply_to.empty()} {
    check_queue_name(options_.queue);
    check_policy(options_.policy);
    // As a broker may call a queue by it.
    if (!options_.reply_to.empty()) check_queue_name(options_.reply_to);
    if (options_.overdue && (*options_.overdue <= 0s || *options_.overdue > century)) {
        throw Error{errc::invalid_expiry,
                    "overdue " + quoted(*options_.overdue) + "; more than 0, and at most 100 years"};
    }
}

void Desk::prepare(NewJob& made, std::string_view name, JobOptions const& job,
                   EnqueueOptions const& call) const {
    made.name = name;
    made.ref.queue = !call.queue.empty() ? Text{call.queue} : !job.queue.empty() ? Text{job.queue} : queue_;
    made.ref.id = call.id.empty() ? options_.ids() : Id{call.id};
    made.version = job.version;
    made.unique = call.unique;
    made.client = client_;
    made.sender = sender_;
    made.delay = call.delay.value_or(job.delay.value_or(0s));
    made.eta = call.eta;
    made.expires = call.expires ? call.expires : job.expires;
    made.priority = call.priority.value_or(job.priority.value_or(0));

    Policy& policy = made.policy;
    policy = options_.policy;
    auto choose = [](auto& field, auto const& by_call, auto const& by_job) {
        if (by_call)
            field = *by_call;
        else if (by_job)
            field = *by_job;
    };
    // A timeout of 0 means "none" in a policy; nobody may ask for one of 0.
    if (call.timeout && *call.timeout <= 0s)
        throw Error{errc::invalid_timeout, to_string(*call.timeout) + "; must be more than 0"};
    choose(policy.timeout, call.timeout, job.timeout);
    choose(policy.max_retries, call.max_retries, job.max_retries);
    choose(policy.max_lost, call.max_lost, job.max_lost);
    choose(policy.backoff, call.backoff, job.backoff);
    choose(policy.keep_result, call.keep_result, job.keep_result);
    choose(policy.keep_error, call.keep_error, job.keep_error);

    if (call.replicas) {
        check_replicas(*call.replicas, front_.broker().capabilities());
        made.replicas = call.replicas;
    }
    check_job_name(made.name);
    if (made.ref.queue != queue_) check_queue_name(made.ref.queue);
    check_job_id(made.ref.id);
    check_policy(policy);
    check_times(made);
    if (!made.expires && options_.overdue) made.expires = wait_before(made) + *options_.overdue;
    if (made.priority < -100 || made.priority > 100) {
        throw Error{errc::invalid_priority, std::to_string(made.priority) + " not in -100..100"};
    }
    if (made.unique.size() > 500) {
        throw Error{errc::invalid_job_id,
                    "a unique key of " + std::to_string(made.unique.size()) + " bytes; at most 500"};
    }
}

NewJob Desk::prepare(std::string_view name, JobOptions const& job, EnqueueOptions const& call) const {
    NewJob made;
    prepare(made, name, job, call);
    return made;
}

std::shared_ptr<NewJob> Desk::prepare_one(std::string_view name, JobOptions const& job,
                                          EnqueueOptions const& call) const {
    auto made = make_recycled<Front::Push>();
    prepare(*made, name, job, call);
    return made;
}

awaitable<PushResult> Desk::push(std::shared_ptr<NewJob> job) {
    Front& door = front();
    waits_.expect(job->ref);
    if (waits_.must_listen()) start_loops();
    return door.push(std::static_pointer_cast<Front::Push>(std::move(job)));
}

awaitable<std::vector<PushResult>> Desk::push_all(std::vector<NewJob> jobs) {
    Front& door = front();
    if (waits_.must_listen()) {
        for (auto const& job : jobs)
            waits_.expect(job.ref);
        start_loops();
    }
    return door.push(std::move(jobs));
}

void Desk::forget_push(JobRef const& ref) noexcept {
    waits_.forget_push(ref);
}

// The loops hold the desk; close() ends them.
awaitable<void> Desk::listen(std::shared_ptr<Desk> desk) {
    co_await desk->waits_.listen();
}
awaitable<void> Desk::read(std::shared_ptr<Desk> desk) {
    co_await desk->waits_.read();
}

void Desk::start_loops() {
    if (watching_) return;
    std::lock_guard lock{mutex_};
    if (watching_.exchange(true)) return;
    auto self = shared_from_this();
    loops_.spawn(executor_, listen(self));
    loops_.spawn(executor_, read(self));
}

std::shared_ptr<Completions> Desk::wait_for(Completions::Refs&& refs) {
    start_loops();
    auto completions = make_recycled<Completions>(std::move(refs));
    completions->begun = system_clock().steady();
    waits_.add(completions);
    return completions;
}

std::vector<UnderWay> Desk::under_way() const {
    std::vector<UnderWay> all;
    auto const now = system_clock().steady();
    operations_.list(all, now);
    waits_.list(all, now);
    return all;
}

std::string Desk::trouble() const {
    std::string const text = waits_.trouble();
    return text.empty() ? text : " (" + text + ")";
}

Front& Desk::front() {
    if (closed_) throw Error{errc::closed, "the client is closed"};
    return front_;
}

void Desk::close() noexcept {
    closed_ = true;
    loops_.cancel();
    waits_.close();
    if (options_.owns_broker) front_.broker().close();
}

}  // namespace cohort
