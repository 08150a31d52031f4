// SPDX-License-Identifier: MIT
// The state machine of a job: one table, and the functions that apply its rows to a record.
// RELIABILITY rows T1-T16; docs/state_machine.md is checked against the table by a test.
#pragma once

#include <cohort/record.hpp>

#include <exception>
#include <memory>
#include <span>

namespace cohort {

enum class Event : std::uint8_t {
    push,            // T1   a client stores a new job
    fall_due,        // T2   its due time has come
    claim,           // T3   a worker takes it
    renew,           // T4   the worker's beat
    succeed,         // T5   the owner reports a result
    retry,           // T6   the owner reports a failure, and there are retries left
    fail,            // T7   the owner reports the last failure
    release,         // T8   the owner hands it back, at shutdown
    lose,            // T9   its worker's lease ended
    lose_for_good,   // T10  the same, once too often
    stop,            // T11  a running job ends because its cancellation was requested
    cancel,          // T12  a waiting job is cancelled
    request_cancel,  // T13  a running job is to be cancelled
    expire,          // T14  it did not start in time
    requeue,         // T15  an operator sends it back
    forget,          // T16  its retention has ended
};

std::string_view to_string(Event event) noexcept;

struct Transition {
    int row;  // n of Tn
    Event event;
    std::optional<JobState> from;  // nothing: there is no record yet
    std::optional<JobState> to;    // nothing: the record is gone
    std::string_view who;
    std::string_view guard;  // checked in the same atomic step
    std::string_view effect;
};

// Every legal transition. What is not in it does not happen.
std::span<Transition const> transitions() noexcept;
bool is_legal(std::optional<JobState> from, Event event) noexcept;

// How a run ended, as its worker reports it.
enum class SettleKind : std::uint8_t {
    succeeded,
    retry,      // failed, to run again after `delay`
    failed,     // failed for good
    cancelled,  // stopped because that was requested
    released,   // handed back unfinished; counts as nothing. `delay` > 0 keeps it away from claims for that
                // long
    note,       // not an end: the job says something of its progress
};

std::string_view to_string(SettleKind kind) noexcept;

struct Settlement;

// What a run wants to be done in the very step that stores its success: all of it happens, or nothing. Where
// the store has Capabilities::commit_hooks.
class CommitHook {
public:
    virtual ~CommitHook() = default;
    // In that step, after the token was found to be right. What `handle` is, the store's own header says.
    // Called again when the step had to be undone.
    virtual void run(void* handle) = 0;
    // run() threw this: how the run has ended instead.
    virtual Settlement failed(std::exception_ptr error) = 0;
};

struct Settlement {
    JobRef ref;
    Token token;
    SettleKind kind = SettleKind::succeeded;
    Text result;                           // succeeded: JSON text. note: the note
    FailReason reason = FailReason::none;  // retry, failed
    Text error;                            // retry, failed
    Duration delay = 0s;                   // retry, released
    std::shared_ptr<CommitHook> hook;      // succeeded
};

enum class Verdict : std::uint8_t {
    accepted,  // done, or had been done before by this very token
    fenced,    // not the owner any more; nothing was changed
    gone,      // there is no such job; its retention has ended, or nothing was to be kept
};

std::string_view to_string(Verdict verdict) noexcept;

// The functions below are the whole truth about a record; a broker adds storage, indexes and wake-ups. They
// expect that the caller has checked `is_legal`.

// T1. Scheduled when it is due later than now, else queued. Expiry is not looked at: that is T14.
JobRecord make_record(NewJob&& job, Instant now);
inline JobRecord make_record(NewJob const& job, Instant now) {
    return make_record(NewJob{job}, now);
}
// T2: nothing happens before it is due. True when it has become queued.
bool fall_due(JobRecord& record, Instant now) noexcept;
// T3. From now on the job has started in time: it cannot expire any more.
void claim(JobRecord& record, Token token, Instant now);
// T5-T8, T11 and notes: checks the token and says what became of it. A repeat by the same token is accepted
// and changes nothing. A retry of a job whose retries are used up ends it, and so does a retry or a release
// of one whose cancellation was requested. A release without a delay keeps the job's place.
Verdict settle(JobRecord& record, Settlement&& settlement, Instant now);
inline Verdict settle(JobRecord& record, Settlement const& settlement, Instant now) {
    return settle(record, Settlement{settlement}, now);
}
// T9, T10, T11: the lease of its worker has ended. Whatever that run still reports is fenced.
void lose(JobRecord& record, Instant now);
// T12, T13. False when the job is terminal already.
bool cancel(JobRecord& record, Instant now);
// T14. True when it has expired.
bool expire(JobRecord& record, Instant now);
// T15. False unless the job is terminal and did not succeed. Clears all that the old runs left, also their
// token.
bool requeue(JobRecord& record, Instant now);
// T16: when the record may be removed; `never` while it is not terminal. With nothing to keep: when it ended.
Instant forget_at(JobRecord const& record) noexcept;

}  // namespace cohort
