// SPDX-License-Identifier: MIT
// The words in which the promises are told.
#include "brokers/conformance/suite.hpp"

#include <cohort/id.hpp>

namespace cohort::conformance {

namespace {

// What the queue's jobs are, by listing them all.
using Counts = std::array<std::uint64_t, std::size(all_states)>;

QueueInfo const* find(std::vector<QueueInfo> const& queues, std::string const& name) {
    for (QueueInfo const& queue : queues) {
        if (queue.name == name) return &queue;
    }
    return nullptr;
}

}  // namespace

void Rig::check_whole() {
    if (!checks_each_step || !broker_ || broker_->inspector() == nullptr) return;
    try {
        auto const faults = ask(inspector().audit());
        CHECK(faults == std::vector<std::string>{});
        for (QueueInfo const& queue : ask(inspector().queues())) {
            Counts listed{};
            ListParams params;
            params.queue = queue.name;
            params.limit = 1000;
            for (bool more = true; more;) {
                ListPage const page = ask(inspector().list(params));
                for (JobRecord const& job : page.jobs)
                    ++listed[static_cast<std::size_t>(job.state)];
                params.after = page.next;
                more = !page.next.empty();
            }
            // A claim that a case left waiting may take a job between the two readings: then they are no
            // fault.
            std::vector<QueueInfo> const again = ask(inspector().queues());
            QueueInfo const* const now = find(again, queue.name);
            if (now == nullptr || now->jobs != queue.jobs) continue;
            INFO("queue " << queue.name);
            CHECK(listed == queue.jobs);
        }
    } catch (Error const& error) {
        // A case about closing has closed it.
        if (error.which() != errc::closed) throw;
    }
}

NewJob make_job(std::string id, std::string queue) {
    NewJob job;
    job.ref.queue = std::move(queue);
    job.ref.id = std::move(id);
    job.name = "shop.add";
    job.arguments = "[1,2]";
    job.client = "c1";
    job.sender = "suite";
    return job;
}

JobRef ref(std::string id, std::string queue) {
    return JobRef{std::move(queue), std::move(id)};
}

PushResult push(Rig& rig, NewJob job) {
    std::vector<NewJob> jobs;
    jobs.push_back(std::move(job));
    auto results = rig.run(rig.broker().push(std::move(jobs)));
    REQUIRE(results.size() == 1);
    return results.front();
}

void push_jobs(Rig& rig, std::vector<std::string> const& ids, std::string const& queue) {
    std::vector<NewJob> jobs;
    for (std::string const& id : ids)
        jobs.push_back(make_job(id, queue));
    auto const results = rig.run(rig.broker().push(std::move(jobs)));
    REQUIRE(results.size() == ids.size());
    for (PushResult const& result : results)
        REQUIRE(result.verdict == PushVerdict::stored);
}

bool exists(Rig& rig, JobRef const& job) {
    return rig.run(rig.broker().status({job})).at(0).has_value();
}

JobRecord status_of(Rig& rig, JobRef const& job) {
    auto records = rig.run(rig.broker().status({job}));
    REQUIRE(records.size() == 1);
    INFO("job " << to_string(job));
    REQUIRE(records.front().has_value());
    return *records.front();
}

Ending result_of(Rig& rig, JobRef const& job) {
    auto endings = rig.run(rig.broker().results({job}));
    REQUIRE(endings.size() == 1);
    return endings.front();
}

CancelVerdict cancel(Rig& rig, JobRef const& job) {
    auto const verdicts = rig.run(rig.broker().cancel({job}));
    REQUIRE(verdicts.size() == 1);
    return verdicts.front();
}

UpkeepReply upkeep(Rig& rig, std::uint32_t limit) {
    UpkeepParams params;
    params.queues = {main_queue};
    params.limit = limit;
    return rig.run(rig.broker().upkeep(params));
}

std::vector<JobRecord> list_all(Rig& rig, std::string const& queue) {
    std::vector<JobRecord> all;
    ListParams params;
    params.queue = queue;
    do {
        ListPage page = rig.run(rig.inspector().list(params));
        for (JobRecord& job : page.jobs)
            all.push_back(std::move(job));
        params.after = page.next;
    } while (!params.after.empty());
    return all;
}

QueueInfo info(Rig& rig, std::string const& queue) {
    for (QueueInfo& candidate : rig.run(rig.inspector().queues())) {
        if (candidate.name == queue) return candidate;
    }
    QueueInfo nothing;
    nothing.name = queue;
    return nothing;
}

Worker::Worker(Rig& rig, std::vector<std::string> its_queues, Duration lease)
    : incarnation{random_id()}, queues{std::move(its_queues)}, rig_{rig} {
    WorkerInfo worker;
    worker.incarnation = incarnation;
    worker.name = "suite";
    worker.host = "here";
    worker.pid = 7;
    worker.queues = queues;
    worker.slots = 10;
    worker.lease = lease;
    rig.run(rig.broker().enlist(worker));
}

ClaimParams Worker::next(std::uint32_t limit, Duration wait) {
    ClaimParams params;
    params.incarnation = incarnation;
    params.queues = queues;
    params.limit = limit;
    params.number = ++number;
    params.wait = wait;
    return params;
}

ClaimReply Worker::claim(std::uint32_t limit, Duration wait) {
    return rig_.run(rig_.broker().claim(next(limit, wait)));
}

JobRecord Worker::take() {
    ClaimReply reply = claim();
    REQUIRE_FALSE(reply.retired);
    REQUIRE(reply.jobs.size() == 1);
    return std::move(reply.jobs.front());
}

std::vector<std::string> Worker::take_ids(std::uint32_t limit) {
    return ids_of(claim(limit).jobs);
}

BeatReply Worker::beat(std::vector<Held> held) {
    Beat beat;
    beat.incarnation = incarnation;
    beat.held = std::move(held);
    return rig_.run(rig_.broker().renew(beat));
}

void Worker::retire() {
    rig_.run(rig_.broker().retire(incarnation));
}

Settlement report(JobRecord const& run, SettleKind kind) {
    Settlement settlement;
    settlement.ref = run.ref;
    settlement.token = run.token.value_or(Token{});
    settlement.kind = kind;
    return settlement;
}

Verdict settle(Rig& rig, Settlement settlement) {
    std::vector<Settlement> settlements;
    settlements.push_back(std::move(settlement));
    auto const verdicts = rig.run(rig.broker().settle(std::move(settlements)));
    REQUIRE(verdicts.size() == 1);
    return verdicts.front();
}

Verdict succeed(Rig& rig, JobRecord const& run, std::string result) {
    Settlement settlement = report(run, SettleKind::succeeded);
    settlement.result = std::move(result);
    return settle(rig, std::move(settlement));
}

Verdict fail(Rig& rig, JobRecord const& run, std::string error) {
    Settlement settlement = report(run, SettleKind::failed);
    settlement.reason = FailReason::exception;
    settlement.error = std::move(error);
    return settle(rig, std::move(settlement));
}

Verdict retry(Rig& rig, JobRecord const& run, Duration delay) {
    Settlement settlement = report(run, SettleKind::retry);
    settlement.reason = FailReason::exception;
    settlement.error = "boom";
    settlement.delay = delay;
    return settle(rig, std::move(settlement));
}

Verdict release(Rig& rig, JobRecord const& run, Duration delay) {
    Settlement settlement = report(run, SettleKind::released);
    settlement.delay = delay;
    return settle(rig, std::move(settlement));
}

std::vector<std::string> ids_of(std::vector<JobRecord> const& records) {
    std::vector<std::string> ids;
    for (JobRecord const& record : records)
        ids.push_back(record.ref.id);
    return ids;
}

std::vector<std::string> ids_of(std::vector<EndedJob> const& jobs) {
    std::vector<std::string> ids;
    for (EndedJob const& job : jobs)
        ids.push_back(job.ref.id);
    return ids;
}

}  // namespace cohort::conformance
