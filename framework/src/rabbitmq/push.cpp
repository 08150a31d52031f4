// SPDX-License-Identifier: MIT
#include "rabbitmq/ladder.hpp"
#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace cohort::rabbitmq {
namespace {

[[noreturn]] void refuse(NewJob const& job, char const* what) {
    throw Error{errc::not_supported, "job " + to_string(job.ref) + ": RabbitMQ without a store has no " +
                                         what + "; leave it out, or use sqlite: or redis://, instead or " +
                                         "beside it (store=sqlite:FILE)"};
}

// The server takes the connection from who holds a job for too long, and gives the job to the next.
void check_length(NewJob const& job, Config const& config) {
    Duration const limit = config.consumer_timeout;
    Duration const longest = job.policy.timeout;
    if (limit == 0s || (longest == 0s && !config.is_consumer_timeout_known)) return;
    if (longest > 0s && longest < limit) return;
    std::string const what = longest == 0s ? "without a timeout" : "with a timeout of " + to_string(longest);
    throw Error{errc::not_supported,
                "job " + to_string(job.ref) + " " + what +
                    " may run for longer than the server waits for it (" + to_string(limit) +
                    "); give it a shorter .timeout, or let consumer_timeout be more, " +
                    "on the server and in the URL; or use sqlite: or redis://, instead " +
                    "or beside it (store=sqlite:FILE)"};
}

void check(std::vector<NewJob> const& jobs, Config const& config) {
    for (auto const& job : jobs) {
        check_queue_name(job.ref.queue);
        check_job_id(job.ref.id);
    }
    for (auto const& job : jobs) {
        if (!job.unique.empty()) refuse(job, "unique keys");
        if (job.priority != 0 && !config.has_priorities) {
            throw Error{errc::not_supported, "job " + to_string(job.ref) +
                                                 ": RabbitMQ has no priorities unless all programs ask for " +
                                                 "them with priorities=3 in the URL"};
        }
        check_length(job, config);
    }
}

// A job of this batch, and what has become of it so far.
struct Item {
    JobRecord record;
    Duration delay = 0s;
    std::optional<std::size_t> same_as;  // an earlier one of its id
    PushResult result;
    bool is_done = false;
};

std::vector<Item> make_items(std::vector<NewJob> jobs, Instant now) {
    std::vector<Item> items;
    items.reserve(jobs.size());
    std::unordered_map<JobRef, std::size_t, JobRefHash> seen;
    for (auto& job : jobs) {
        Item item;
        item.record = make_record(std::move(job), now);
        item.delay = item.record.due == never ? Duration::max() : item.record.due - now;
        auto const [first, is_new] = seen.emplace(item.record.ref, items.size());
        if (!is_new) item.same_as = first->second;
        items.push_back(std::move(item));
    }
    return items;
}

// Ids are known within one batch only: there is no record of what was pushed before.
void answer_same(std::vector<Item>& items) {
    for (auto& item : items) {
        if (!item.same_as) continue;
        Item const& first = items[*item.same_as];
        bool const is_equal =
            first.record.name == item.record.name && first.record.arguments == item.record.arguments;
        item.result = first.result;
        item.result.is_repeat = is_equal;
        if (is_equal) continue;
        item.result.verdict = PushVerdict::refused;
        item.result.code = errc::duplicate_job_id;
        item.result.detail = "job " + to_string(item.record.ref) + " is in this batch with other contents";
    }
}

awaitable<void> declare_all(EnginePtr engine, std::vector<Item> const& items) {
    std::set<std::string> clients;
    std::set<std::string> lines;  // those that are needed at once: mostly one, for many jobs
    for (auto const& item : items) {
        if (item.is_done) continue;
        std::string const client{item.record.client};
        if (!client.empty()) clients.insert(client);
        std::string line = engine->line_of(item.record);
        if (item.delay > 0s)
            co_await declare_for(engine->producer_topology, std::move(line), item.delay);
        else
            lines.insert(std::move(line));
    }
    for (auto const& line : lines)
        co_await engine->producer_topology.need_line(line);
    // Before the job can end.
    for (auto const& client : clients)
        co_await engine->producer_topology.need_replies(client);
}

void note(Item& item, Fate fate, std::string const& server) {
    item.is_done = fate != Fate::returned && fate != Fate::refused;
    switch (fate) {
    case Fate::confirmed:
        item.result.verdict = PushVerdict::stored;
        return;
    case Fate::pending:
    case Fate::lost:
        item.result.verdict = PushVerdict::uncertain;
        item.result.detail = server + ": published, and not confirmed";
        return;
    case Fate::refused:
        item.result.verdict = PushVerdict::refused;
        item.result.code = errc::storage_full;
        item.result.detail = server + " could not store the message";
        return;
    case Fate::returned:
        item.result.verdict = PushVerdict::refused;
        item.result.code = errc::unavailable;
        item.result.detail = server + " has lost the queue of job " + to_string(item.record.ref);
    }
}

awaitable<void> publish_all(EnginePtr engine, std::vector<Item>& items) {
    co_await declare_all(engine, items);
    ChannelPtr const channel = co_await engine->publisher();
    auto const batch = std::make_shared<Batch>();
    std::vector<std::size_t> published;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (items[i].is_done || items[i].same_as) continue;
        publish_job(*engine, *channel, batch, items[i].record, items[i].delay);
        published.push_back(i);
    }
    co_await wait_for(batch, engine->config.timeout);
    for (std::size_t i = 0; i < published.size(); ++i)
        note(items[published[i]], batch->fates[i], engine->config.masked);
}

// Those that came back, or that the server would not have: they are stored nowhere.
bool has_open(std::vector<Item> const& items) {
    return std::any_of(items.begin(), items.end(),
                       [](Item const& item) { return !item.is_done && !item.same_as; });
}

}  // namespace

void publish_job(Engine const& engine, Channel& channel, BatchPtr const& batch, JobRecord const& job,
                 Duration delay) {
    Climb const climb = plan_climb(delay);
    auto const message = encode_job(job, climb.rest);
    std::string const line = engine.line_of(job);
    std::string const exchange =
        climb.units == 0 ? std::string{} : engine.names.step(first_step(climb.units));
    std::string const key = climb.units == 0 ? engine.names.jobs(line) : climb_key(climb.units, line);
    Publication publication;
    publication.exchange = exchange;
    publication.routing_key = key;
    publication.properties = message->properties();
    publication.body = job.arguments;
    publication.is_mandatory = true;
    channel.publish(batch, publication);
}

awaitable<void> declare_for(Topology& topology, std::string line, Duration delay) {
    Climb const climb = plan_climb(delay);
    if (climb.units == 0) {
        co_await topology.need_line(line);
    } else {
        co_await topology.need_ladder(climb.units, line);
    }
}

awaitable<std::vector<PushResult>> push(EnginePtr engine, std::vector<NewJob> jobs) {
    engine->check_open();
    check(jobs, engine->config);
    if (jobs.empty()) co_return std::vector<PushResult>{};
    co_await engine->producer->ready();
    co_await engine->wait_while_blocked(engine->producer);
    std::vector<Item> items = make_items(std::move(jobs), engine->config.clock->now());
    co_await publish_all(engine, items);
    if (has_open(items)) {
        // RabbitMQ 3.10 says that a queue is there when somebody else has just declared it, a moment before
        // it takes anything.
        constexpr Duration moment = 100ms;
        co_await io::sleep_for(moment);
        engine->producer_topology.forget();
        co_await publish_all(engine, items);
    }
    answer_same(items);
    std::vector<PushResult> results;
    for (auto& item : items)
        results.push_back(std::move(item.result));
    co_return results;
}

}  // namespace cohort::rabbitmq
