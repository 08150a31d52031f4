// SPDX-License-Identifier: MIT
#include "memory/inspector.hpp"

#include <cohort/id.hpp>

#include <algorithm>
#include <charconv>

namespace cohort::memory {

namespace {

// So many jobs are looked at in one step: a search in a million of them must not keep heartbeats from the
// lock.
constexpr std::uint32_t seen_per_page = 10'000;

bool contains(JobRecord const& record, std::string const& text) {
    auto const has = [&](std::string const& field) { return field.find(text) != std::string::npos; };
    return text.empty() || has(record.ref.id) || has(record.name) || has(record.arguments) ||
           has(record.error) || has(record.unique);
}

std::uint64_t parse_cursor(std::string const& text) {
    std::uint64_t sequence = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw Error{errc::invalid_config, "\"" + text + "\" is not the cursor of a page"};
    }
    return sequence;
}

}  // namespace

awaitable<std::vector<QueueInfo>> MemoryInspector::queues() {
    Store::Session const session{*store_, *door_};
    std::vector<QueueInfo> infos;
    Instant const now = store_->clock.now();
    for (auto const& [name, queue] : store_->queues)
        infos.push_back(queue->info(now));
    co_return infos;
}

awaitable<void> MemoryInspector::configure(std::string queue, QueueOptions options) {
    check_queue_name(queue);
    Store::Session const session{*store_, *door_};
    store_->queue(queue).options = options;
    co_return;
}

awaitable<void> MemoryInspector::pause(std::string queue) {
    check_queue_name(queue);
    Store::Session const session{*store_, *door_};
    store_->queue(queue).paused = true;
    co_return;
}

awaitable<void> MemoryInspector::resume(std::string queue) {
    check_queue_name(queue);
    Store::Session session{*store_, *door_};
    store_->queue(queue).paused = false;
    session.touch(store_->queue(queue));
    co_return;
}

awaitable<ListPage> MemoryInspector::list(ListParams params) {
    check_queue_name(params.queue);
    if (params.limit < 1 || params.limit > 1000) {
        throw Error{errc::invalid_config,
                    "the limit of a page, " + std::to_string(params.limit) + ", is not in 1..1000"};
    }
    std::uint64_t const after = params.after.empty() ? 0 : parse_cursor(params.after);

    ListPage page;
    Store::Session const session{*store_, *door_};
    Queue* const queue = store_->find_queue(params.queue);
    if (queue == nullptr) co_return page;
    Instant const now = store_->clock.now();
    std::uint32_t seen = 0;
    std::uint64_t last = after;
    auto job = queue->after(after);
    for (; job != queue->all().end() && page.jobs.size() < params.limit && seen < seen_per_page;
         ++job, ++seen) {
        last = job->sequence;
        bool const is_meant = !params.state || job->record.state == *params.state;
        if (is_meant && !is_past(*job, now) && contains(job->record, params.contains))
            page.jobs.push_back(job->record);
    }
    if (job != queue->all().end()) page.next = std::to_string(last);
    co_return page;
}

awaitable<std::optional<JobRecord>> MemoryInspector::find_by_id(std::string id) {
    Store::Session const session{*store_, *door_};
    std::optional<JobRecord> found;
    for (auto const& [name, queue] : store_->queues) {
        Job const* const job = queue->find(id, store_->clock.now());
        if (job != nullptr) found = job->record;
    }
    co_return found;
}

awaitable<std::uint64_t> MemoryInspector::purge(std::string queue, std::vector<JobState> states) {
    check_queue_name(queue);
    std::uint64_t removed = 0;
    std::uint64_t last = 0;
    for (bool more = true; more;) {
        Store::Session session{*store_, *door_};
        Queue* const known = store_->find_queue(queue);
        if (known == nullptr) break;
        std::uint32_t seen = 0;
        auto job = known->after(last);
        for (; job != known->all().end() && seen < seen_per_page; ++seen) {
            Job& candidate = *job++;
            last = candidate.sequence;
            JobState const state = candidate.record.state;
            if (state == JobState::running || std::find(states.begin(), states.end(), state) == states.end())
                continue;
            // Whoever awaits it learns that it is unknown now.
            if (!is_terminal(state)) session.tell(candidate.record);
            known->remove(candidate);
            ++removed;
        }
        more = job != known->all().end();
    }
    co_return removed;
}

awaitable<std::vector<bool>> MemoryInspector::requeue(std::vector<JobRef> refs) {
    std::vector<bool> done;
    Store::Session session{*store_, *door_};
    Instant const now = store_->clock.now();
    for (JobRef const& ref : refs) {
        Queue* const queue = store_->find_queue(ref.queue);
        Job* const job = queue == nullptr ? nullptr : queue->find(ref.id, now);
        // The job's unique key may meanwhile be another one's.
        bool const is_free = job != nullptr && queue->holder_of(job->record.unique) == nullptr;
        auto apply = [&](JobRecord& record) { return cohort::requeue(record, now); };
        done.push_back(is_free && is_legal(job->record.state, Event::requeue) &&
                       session.alter(*queue, *job, apply));
    }
    co_return done;
}

awaitable<std::vector<WorkerInfo>> MemoryInspector::workers() {
    Store::Session const session{*store_, *door_};
    std::vector<WorkerInfo> infos;
    for (auto const& [incarnation, life] : store_->lives)
        infos.push_back(life->info);
    auto const order = [](WorkerInfo const& a, WorkerInfo const& b) {
        return std::tie(a.since, a.incarnation) < std::tie(b.since, b.incarnation);
    };
    std::sort(infos.begin(), infos.end(), order);
    co_return infos;
}

awaitable<std::vector<std::string>> MemoryInspector::audit() {
    Store::Session const session{*store_, *door_};
    std::vector<std::string> faults;
    for (auto const& [name, queue] : store_->queues)
        queue->audit(faults);
    co_return faults;
}

}  // namespace cohort::memory
