// SPDX-License-Identifier: MIT
// A job as it is asked for, as it is stored, and as it ends.
#pragma once

#include <cohort/id.hpp>
#include <cohort/retry.hpp>
#include <cohort/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cohort {

// The layout of a stored record. A program reads this one and all before it, and refuses later ones
// (errc::bad_envelope).
inline constexpr std::uint16_t record_version = 1;

// docs/state_machine.md draws how they follow one another.
enum class JobState : std::uint8_t {
    scheduled,  // waits for its first due time
    queued,     // due, waits for a worker
    running,    // a worker holds it under a lease
    retrying,   // failed or lost, waits for its next due time
    succeeded,  // the four below are terminal
    failed,
    cancelled,
    expired,  // did not start in time
};

inline constexpr JobState all_states[] = {JobState::scheduled, JobState::queued,    JobState::running,
                                          JobState::retrying,  JobState::succeeded, JobState::failed,
                                          JobState::cancelled, JobState::expired};

std::string_view to_string(JobState state) noexcept;
std::optional<JobState> parse_state(std::string_view text) noexcept;
constexpr bool is_terminal(JobState state) noexcept {
    return state >= JobState::succeeded;
}

// Why a job failed for good, or why its last run did.
enum class FailReason : std::uint8_t {
    none,
    exception,      // the body threw
    timeout,        // one run took longer than its limit
    worker_lost,    // its workers died more than max_lost times
    unknown_job,    // no worker knew its name for too long
    bad_payload,    // its arguments do not fit the function
    bad_result,     // its result cannot be encoded, or is too large
    corrupt_state,  // its record was damaged from outside
};

std::string_view to_string(FailReason reason) noexcept;
std::optional<FailReason> parse_reason(std::string_view text) noexcept;

// The address of a job. Ids are unique within a queue; on a cluster the queue decides where the job lives.
struct JobRef {
    Text queue;
    Id id;

    bool operator==(JobRef const&) const = default;
    auto operator<=>(JobRef const&) const = default;
};

// "queue/id", as printed and typed everywhere.
std::string to_string(JobRef const& ref);
// The reverse; nothing when there is no "/" or one side is empty.
std::optional<JobRef> parse_ref(std::string_view text);

struct JobRefHash {
    std::size_t operator()(JobRef const& ref) const noexcept;
};

// Proof of ownership of one run. A claim number is never used twice by one incarnation, so a token is never
// either.
struct Token {
    Id incarnation;           // the worker's life: 32 hexadecimal digits
    std::uint64_t claim = 0;  // the number of the claim that took the job

    bool operator==(Token const&) const = default;
};

std::string to_string(Token const& token);

// What was asked for; it does not change while the job lives.
struct JobSpec {
    JobRef ref;
    Text name;                  // of the job function, on the wire
    Text arguments;             // JSON text: an array (positional) or an object (named)
    std::uint32_t version = 1;  // of the job function, as its client knew it
    std::int32_t priority = 0;  // -100..100; higher runs first, equal ones in the order of their due times
    Text unique;  // while a job of this key is not terminal, a second one is not stored; "" = no key
    Id client;    // whose watch() is told of the end; "" = nobody's
    Text sender;  // who asked, for people: "name@host/pid, cohort 0.1.0"
    Policy policy;

    bool operator==(JobSpec const&) const = default;
};

// What `push` takes. The broker's clock turns it into due and expiry times.
struct NewJob : JobSpec {
    Duration delay = 0s;               // from now; ignored when eta is given
    std::optional<Instant> eta;        // not before; in the past = at once
    std::optional<Duration> expires;   // from now: a job that has not started by then never does
    std::optional<Replicas> replicas;  // that must have it; needs the capability
};

struct Counters {
    std::uint32_t attempt = 0;   // runs begun
    std::uint32_t failures = 0;  // of them, ended by exception or timeout; only these use up max_retries
    std::uint32_t lost = 0;      // of them, ended by the death of the worker; only these use up max_lost
    std::uint32_t released = 0;  // of them, handed back at shutdown; these use up nothing

    bool operator==(Counters const&) const = default;
};

// A job as the broker keeps it.
struct JobRecord : JobSpec {
    JobState state = JobState::queued;
    std::uint32_t generation = 0;  // how often an operator sent it back from a terminal state
    Counters counters;
    bool cancel_requested = false;  // while running: the worker is told by its next beat
    Instant created{};
    Instant due{};                    // when it may start
    Instant expires = never;          // when it may no longer start; never, once it has
    std::optional<Instant> started;   // the last run
    std::optional<Instant> finished;  // the terminal state
    std::optional<Token> token;  // of the last run; a settle leaves it, so that its repeat is recognised; a
                                 // loss and a requeue remove it
    FailReason reason = FailReason::none;  // of the last failure
    Text error;                            // its text, UTF-8, one line or several, at most 8 KiB
    Text result;                           // JSON text; only when succeeded
    Text note;                             // what the job last said of its progress

    bool operator==(JobRecord const&) const = default;
};

}  // namespace cohort
