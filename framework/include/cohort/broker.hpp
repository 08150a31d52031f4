// SPDX-License-Identifier: MIT
// The contract between programs and the stores that keep jobs. Everything that a client or a worker does to a
// job goes through these verbs; tests/brokers/conformance says, case by case, what each must do.
//
// Rules for every verb
// - Batch-first and small: what can be asked for many jobs is asked for many.
// - Thread-safe: may be called on any executor and concurrently; the awaiting coroutine resumes on its own.
// - Atomic per job: a job's record, its place and its unique key change in one step, or not at all.
// - Trouble throws Error (unavailable, busy, storage_full, auth_failed, closed, …); an outcome that a caller
//   must expect is returned. `unavailable` and `busy` mean that nothing happened; `uncertain` that it may.
// - Cancellation is Asio's (terminal), and how the caller sets a deadline: an operation that had not begun
//   ends with Asio's operation_aborted and changed nothing; one that may have reached the store ends with
//   its result, or with Error(uncertain).
// - Invalid parameters (an empty queue name, a limit of 0) throw Error and change nothing.
// - Time is the broker's clock: due times, expiry and leases never depend on that of a client or a worker.
// - No verb spans queues atomically; on a cluster each queue lives elsewhere.
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/error.hpp>
#include <cohort/record.hpp>
#include <cohort/state.hpp>

#include <memory>
#include <string>
#include <vector>

namespace cohort {

// What a broker can do beyond the promises that all keep. Asked before use; a verb that needs an absent one
// throws Error(errc::not_supported) with the fix. The table in docs/brokers is written by the conformance
// run.
struct Capabilities {
    bool durable = false;            // survives the end of every process
    bool between_processes = false;  // several processes may share it
    bool fenced_settle =
        false;            // a worker that lost its lease is refused in the step that would store its outcome
    bool status = false;  // status() and results() of any job, by anybody
    bool lookup_by_id = false;  // find_by_id() without knowing the queue
    bool cancel = false;        // of waiting and of running jobs
    bool unique = false;        // JobSpec::unique
    bool priorities = false;    // JobSpec::priority
    bool delays = false;        // NewJob::delay and eta, to the precision of the clock
    bool expiry = false;        // NewJob::expires
    bool ordered =
        false;  // one worker with one slot starts jobs of equal priority in the order of their due times
    bool pushed_wakeups = false;  // claim and watch wait without polling
    bool inspect = false;         // inspector() is not null
    bool max_length = false;      // queues can be bounded
    bool commit_hooks = false;    // Settlement::hook
    bool forget = false;          // forget()
    bool replicas = false;        // NewJob::replicas
    bool stored_once = false;     // push() of an id that is there already stores nothing
    // So many pushes it gains from having under way at a time. One where each is a transaction that all
    // share.
    std::uint32_t pushes_at_once = 1;
};

// ---- push

enum class PushVerdict : std::uint8_t {
    stored,  // at the durability of the broker, and so for an id that this same job was stored under before
    duplicate,  // nothing stored: `existing` holds the unique key
    refused,    // nothing stored: `code` and `detail` say why
    uncertain,  // may have been stored; ask again with the same id
};

struct PushResult {
    PushVerdict verdict = PushVerdict::stored;
    Id existing;           // duplicate: the id of the job that holds the key, in the same queue
    errc code = errc::ok;  // refused: queue_full, duplicate_job_id, …
    Text detail;
    bool is_repeat = false;  // stored: and that had been so before this call
};

// ---- claim

struct ClaimParams {
    std::string incarnation;          // must be enlisted
    std::vector<std::string> queues;  // in the order in which they are to be emptied; each must be enlisted
    std::uint32_t limit = 1;          // at most so many jobs in all; >= 1
    std::uint64_t number =
        1;  // 1, 2, 3, … per incarnation. The same number again gives the same jobs (those still
            // running under it), and new ones only where it gave none: so a lost reply is repeated
    Duration wait = 0s;  // with nothing due: wait so long for work, then answer with no jobs
};

struct ClaimReply {
    std::vector<JobRecord> jobs;       // running, with their tokens
    std::optional<Duration> next_due;  // with no jobs: when the next known one falls due, from now
    bool retired = false;              // this incarnation is no longer enlisted; it gets nothing any more
};

// ---- the life of a worker

struct WorkerInfo {
    std::string incarnation;  // random_id(), never used before
    std::string name;         // for people
    std::string host;
    std::int64_t pid = 0;
    std::vector<std::string> queues;
    std::uint32_t slots = 0;
    Duration lease = 30s;  // without a beat for so long it is dead
    Instant since{};       // set by the broker
    Instant last_beat{};   // set by the broker
};

struct Held {
    std::string queue;
    std::uint64_t jobs = 0;
};

struct Beat {
    std::string incarnation;
    std::vector<Held> held;  // how many jobs the worker runs, per enlisted queue
};

struct BeatReply {
    bool retired = false;        // the incarnation is gone, and all its jobs are somebody else's
    std::vector<JobRef> cancel;  // running under it, and to be cancelled
    std::vector<JobRecord>
        strays;  // where the counts differ: all that the broker holds as running under it in that
                 // queue (ref and token are set). The worker releases those it does not know
};

// ---- control and reading

enum class CancelVerdict : std::uint8_t {
    cancelled,  // it waited; it will never run
    requested,  // it runs; its worker is told
    finished,   // too late
    unknown,
};

// How a job ended, or that it has not.
struct Ending {
    JobState state = JobState::queued;  // not terminal: the job goes on, and the rest is empty
    Text result;                        // succeeded: JSON text
    FailReason reason = FailReason::none;
    Text error;
    std::uint32_t attempt = 0;
    bool known = true;  // false: never known, or its retention has ended
};

struct EndedJob {
    JobRef ref;
    std::optional<Ending> ending;  // where the broker has it at hand; else it is to be read
};

struct WatchParams {
    std::string client;  // JobSpec::client of the jobs meant
    Duration wait = 1s;
};

struct UpkeepParams {
    std::vector<std::string> queues;
    std::uint32_t limit = 500;  // at most so many jobs of each kind per call and queue
};

struct UpkeepReply {
    std::uint32_t promoted = 0;  // fell due
    std::uint32_t expired = 0;
    std::uint32_t recovered = 0;  // lost their worker and wait again
    std::uint32_t died = 0;       // lost their worker once too often
    std::uint32_t forgotten = 0;  // retention ended
    bool more = false;            // a limit was reached: call again
};

class Inspector;

class Broker {
public:
    virtual ~Broker() = default;

    virtual Capabilities const& capabilities() const noexcept = 0;
    // For logs and people: the URL without its secrets.
    virtual std::string_view name() const noexcept = 0;

    // Stores new jobs; one result each, in their order. Idempotent by id until the job's retention ends: the
    // same job (name and arguments) again is `stored`, another one of that id is refused with
    // duplicate_job_id.
    virtual awaitable<std::vector<PushResult>> push(std::vector<NewJob> jobs) = 0;

    // Registers a worker's life on its queues, for one lease. Repeating it before the first claim is
    // harmless; an incarnation that has been retired must never be enlisted again.
    virtual awaitable<void> enlist(WorkerInfo worker) = 0;
    // One beat keeps the lease of everything that the incarnation holds. A late beat counts as long as nobody
    // has retired it. Never waits behind the other verbs: a worker calls it from a thread of its own.
    virtual awaitable<BeatReply> renew(Beat beat) = 0;
    // The end of a life: what it still holds is released, uncounted, and due at once. Unknown incarnations
    // are ignored.
    virtual awaitable<void> retire(std::string incarnation) = 0;

    // Takes the next due jobs under the incarnation's lease: by priority, then by due time. Never a job that
    // has expired or is cancelled, never one of a paused queue. Promotes by itself what has fallen due.
    virtual awaitable<ClaimReply> claim(ClaimParams params) = 0;

    // Ends runs; one verdict each, in their order.
    virtual awaitable<std::vector<Verdict>> settle(std::vector<Settlement> settlements) = 0;

    virtual awaitable<std::vector<CancelVerdict>> cancel(std::vector<JobRef> refs) = 0;

    // The whole records; nothing where a job is unknown.
    virtual awaitable<std::vector<std::optional<JobRecord>>> status(std::vector<JobRef> refs) = 0;
    // Only how they ended.
    virtual awaitable<std::vector<Ending>> results(std::vector<JobRef> refs) = 0;
    // Waits until jobs of this client have ended, and names them: a hint that may be lost or come twice.
    // Reading is the truth. One watch per client at a time.
    virtual awaitable<std::vector<EndedJob>> watch(WatchParams params) = 0;

    // Ends the retention of jobs that have ended: from now on they are unknown, and their ids free. One
    // answer each: false where there was no such job, or it has not ended. Needs the capability forget.
    virtual awaitable<std::vector<bool>> forget(std::vector<JobRef> refs);

    // Due jobs become claimable, jobs of workers past their lease wait again or die, late ones expire, old
    // ones are forgotten. Bounded and idempotent; any number of workers may call it at any time.
    virtual awaitable<UpkeepReply> upkeep(UpkeepParams params) = 0;

    // For operators; null without the capability. Lives as long as the broker.
    virtual Inspector* inspector() noexcept = 0;

    // Ends every wait, now and later, with Error(errc::closed). Does not block. The destructor does the same.
    virtual void close() noexcept = 0;
};

}  // namespace cohort
