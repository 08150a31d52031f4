// SPDX-License-Identifier: MIT
// Clients that register, and services that work for those who have.
#include "godx/words.hpp"

#include <cohort/context.hpp>
#include <cohort/register.hpp>

#include <utility>

namespace cohort::godx {

// Any JSON, so that what is malformed is answered here.
awaitable<void> register_client(Context& context, Json overdue = Json{"true"});
COHORT_JOB(register_client, .name = "godx.initialization", .timeout = 10s);
void refuse_reply();
COHORT_JOB(refuse_reply, .name = "succeeded", .aliases = "failed, cancelled, expired");

awaitable<void> register_client(Context& context, Json overdue) {
    auto& clients = context.get<Clients>();
    std::string name = client_of(context.job().sender);
    bool const is_flag = overdue.str() == "true" || overdue.str() == "false";
    if (!is_flag) {
        throw Discard{say(ErrorCode::bad_initialization,
                          "enable_overdue is true or false, not " + one_line(overdue.str(), 60))};
    }
    try {
        check_job_id(name);
    } catch (Error const& error) {
        throw Discard{say(ErrorCode::bad_initialization, "the client's name: " + error.detail())};
    }
    bool const is_on = overdue.str() == "true";
    co_await clients.add(std::move(name), is_on);
}

void refuse_reply() {
    throw Discard{say(ErrorCode::incorrect_type, "a reply was sent to a service")};
}

namespace {

// Once it has started in time, no later run is late.
bool is_late(JobRecord const& job) {
    return job.counters.attempt <= 1 && job.started && *job.started - job.due > overdue_after;
}

awaitable<void> check_client(Context& context, Next next) {
    std::string const& job = context.job().name;
    if (job == initialization_name || parse_state(job)) {
        co_await next();
        co_return;
    }
    std::string const name = client_of(context.job().sender);
    Clients::Entry entry;
    bool const may_be_known = !name.empty();
    if (may_be_known) {
        auto& clients = context.get<Clients>();
        try {
            auto finding = clients.find(name);
            auto const found = co_await std::move(finding);
            entry = found;
        } catch (Error const& error) {
            if (error.which() != errc::invalid_job_id) throw;
        }
    }
    if (entry.standing == Clients::Standing::registered) {
        if (!entry.enable_overdue && is_late(context.job())) {
            throw Discard{std::string{overdue_words} + "it was due " +
                          to_string(*context.job().started - context.job().due) +
                          " before a service could start it"};
        }
        co_await next();
        co_return;
    }
    bool const is_removed = entry.standing == Clients::Standing::removed;
    throw Discard{std::string{is_removed ? orphan_words : words[2].text} + "\"" + one_line(name, 100) +
                  (is_removed ? "\" is not registered any more" : "\" has not registered")};
}

awaitable<void> registered(Job<void> job, Duration timeout) {
    Ending const ending = co_await job.ending(timeout);
    if (ending.state == JobState::succeeded) co_return;
    throw Refused{code_of(ending), ending.error};
}

awaitable<void> ask(Client& client, Duration timeout, bool enable_overdue) {
    Json const flag{enable_overdue ? "true" : "false"};
    auto asking = client.enqueue_job<register_client>(flag);
    auto job = co_await std::move(asking);
    co_await registered(std::move(job), timeout);
}

}  // namespace

ClientOptions client_options(std::string name, bool enable_overdue) {
    ClientOptions options;
    options.queue = "client-service";
    options.reply_to = "service-client." + name;
    options.name = std::move(name);
    options.policy.timeout = 3s;
    if (!enable_overdue) options.overdue = overdue_after;
    return options;
}

WorkerOptions service_options(std::string name) {
    WorkerOptions options;
    options.name = std::move(name);
    options.queues = {"client-service"};
    return options;
}

void serve(Worker& worker, std::shared_ptr<Clients> clients) {
    // What is added hides what is registered, of which nobody has spoken here.
    Catalog const& registered = Catalog::registered();
    if (&worker.catalog() == &registered) worker.add(registered);
    worker.provide<Clients>(std::move(clients));
    worker.add<register_client>();
    worker.add<refuse_reply>();
    worker.use(check_client);
}

awaitable<void> initialize(Client& client, Duration timeout, bool enable_overdue) {
    return ask(client, timeout, enable_overdue);
}

}  // namespace cohort::godx
