// SPDX-License-Identifier: MIT
#include "sqlite/broker.hpp"

#include "sqlite/claim.hpp"
#include "sqlite/control.hpp"
#include "sqlite/lives.hpp"
#include "sqlite/push.hpp"
#include "sqlite/reads.hpp"
#include "sqlite/settle.hpp"
#include "sqlite/upkeep.hpp"

#include <cohort/id.hpp>

namespace cohort::sqlite {
namespace {

constexpr Capabilities all_capabilities{
    .durable = true,
    .between_processes = true,
    .fenced_settle = true,
    .status = true,
    .lookup_by_id = true,
    .cancel = true,
    .unique = true,
    .priorities = true,
    .delays = true,
    .expiry = true,
    .ordered = true,
    .pushed_wakeups = true,
    .inspect = true,
    .max_length = true,
    .commit_hooks = true,
    .forget = true,
    .stored_once = true,
};

void check_queues(std::vector<std::string> const& queues) {
    if (queues.empty()) throw Error{errc::invalid_queue_name, "no queue is named; name one at least"};
    for (auto const& queue : queues)
        check_queue_name(queue);
}

void check_wait(Duration wait) {
    if (wait < Duration{0})
        throw Error{errc::invalid_timeout, "wait is " + to_string(wait) + "; it must be >= 0"};
}

void check_incarnation(std::string const& incarnation) {
    if (incarnation.empty())
        throw Error{errc::invalid_config, "the incarnation is empty; make one with random_id()"};
}

}  // namespace

FileBroker::FileBroker(Config config, std::string name)
    : config_{std::move(config)}, name_{std::move(name)}, capabilities_{all_capabilities},
      writes_{std::make_shared<Inbox>(config_.path)}, beats_{std::make_shared<Inbox>(config_.path)},
      reads_{std::make_shared<Inbox>(config_.path)}, looks_{std::make_shared<Inbox>(config_.path)},
      watches_{std::make_shared<Watches>(config_)}, lock_file_{config_.path + "-lock"},
      keeper_{config_, lock_file_, [this](std::exception_ptr error) { give_up(std::move(error)); }},
      looker_{[this] { return std::make_unique<Reader>(config_, looks_); }},
      reader_{[this] { return std::make_unique<Reader>(config_, reads_); }}, renewer_{[this] {
          // A beat that a power cut takes back was of another boot anyway: no need to wait for the disk.
          WriterOptions const options{"cohort-sqlite-b", Durability::normal, LockFile::Rank::beat};
          return std::make_unique<Writer>(config_, lock_file_, beats_, options);
      }},
      writer_{config_, lock_file_, writes_, {"cohort-sqlite-w", config_.durability, LockFile::Rank::job}},
      inspector_{[this] { looker_.need(); }, looks_, writes_} {}

FileBroker::~FileBroker() {
    close();
}

void FileBroker::close() noexcept {
    writes_->close();
    beats_->close();
    reads_->close();
    looks_->close();
    watches_->close();
}

void FileBroker::give_up(std::exception_ptr error) noexcept {
    for (auto const& inbox : {writes_, beats_, reads_, looks_})
        inbox->fail(error);
    watches_->fail(error);
}

awaitable<std::vector<PushResult>> FileBroker::push(std::vector<NewJob> jobs) {
    for (auto const& job : jobs) {
        check_queue_name(job.ref.queue);
        check_job_id(job.ref.id);
        check_job_name(job.name);
    }
    auto operation = std::make_shared<Push>(std::move(jobs));
    co_await perform(writes_, operation);
    co_return std::move(operation->results);
}

awaitable<void> FileBroker::enlist(WorkerInfo worker) {
    check_incarnation(worker.incarnation);
    check_queues(worker.queues);
    if (worker.lease <= Duration{0}) {
        throw Error{errc::invalid_lease, "the lease is " + to_string(worker.lease) + "; it must be > 0"};
    }
    auto operation = std::make_shared<Enlist>(std::move(worker));
    co_await perform(writes_, operation);
}

awaitable<BeatReply> FileBroker::renew(Beat beat) {
    check_incarnation(beat.incarnation);
    renewer_.need();
    auto operation = std::make_shared<Renew>(std::move(beat));
    co_await perform(beats_, operation);
    co_return std::move(operation->reply);
}

awaitable<void> FileBroker::retire(std::string incarnation) {
    check_incarnation(incarnation);
    auto operation = std::make_shared<Retire>(std::move(incarnation));
    co_await perform(writes_, operation);
}

awaitable<ClaimReply> FileBroker::claim(ClaimParams params) {
    check_incarnation(params.incarnation);
    check_queues(params.queues);
    check_wait(params.wait);
    if (params.limit == 0) throw Error{errc::invalid_config, "limit is 0; claim one job at least"};
    if (params.number == 0) throw Error{errc::invalid_config, "number is 0; claims are numbered from 1"};
    auto operation = std::make_shared<Claim>(std::move(params));
    co_await perform(writes_, operation);
    co_return std::move(operation->reply);
}

awaitable<std::vector<Verdict>> FileBroker::settle(std::vector<Settlement> settlements) {
    auto operation = std::make_shared<Settle>(std::move(settlements));
    co_await perform(writes_, operation);
    co_return std::move(operation->verdicts);
}

awaitable<std::vector<CancelVerdict>> FileBroker::cancel(std::vector<JobRef> refs) {
    auto operation = std::make_shared<Cancel>(std::move(refs));
    co_await perform(writes_, operation);
    co_return std::move(operation->verdicts);
}

awaitable<std::vector<bool>> FileBroker::forget(std::vector<JobRef> refs) {
    auto operation = std::make_shared<Forget>(std::move(refs));
    co_await perform(writes_, operation);
    co_return std::move(operation->done);
}

awaitable<std::vector<std::optional<JobRecord>>> FileBroker::status(std::vector<JobRef> refs) {
    reader_.need();
    auto operation = std::make_shared<Status>(std::move(refs));
    co_await perform(reads_, operation);
    co_return std::move(operation->records);
}

awaitable<std::vector<Ending>> FileBroker::results(std::vector<JobRef> refs) {
    reader_.need();
    auto operation = std::make_shared<Results>(std::move(refs));
    co_await perform(reads_, operation);
    co_return std::move(operation->endings);
}

awaitable<std::vector<EndedJob>> FileBroker::watch(WatchParams params) {
    check_wait(params.wait);
    if (params.client.empty())
        throw Error{errc::invalid_config, "the client is empty; name whose jobs are meant"};
    std::vector<EndedJob> ended = co_await Watches::watch(watches_, std::move(params));
    co_return ended;
}

awaitable<UpkeepReply> FileBroker::upkeep(UpkeepParams params) {
    check_queues(params.queues);
    if (params.limit == 0) throw Error{errc::invalid_config, "limit is 0; it must be >= 1"};
    auto const woken = pulse_.beat(config_.clock->steady());
    auto operation = std::make_shared<Upkeep>(std::move(params), woken);
    co_await perform(writes_, operation);
    co_return std::move(operation->reply);
}

}  // namespace cohort::sqlite
