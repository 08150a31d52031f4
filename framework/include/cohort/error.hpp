// SPDX-License-Identifier: MIT
// Everything that can go wrong, by name: codes, their category, and the exception that carries one.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace cohort {

// Each code has a stable name, the enumerator's own spelling; `to_string` gives it. Names never change their
// meaning.
enum class errc {
    ok = 0,

    // the broker or the way to it
    unavailable,         // cannot be reached now; nothing was stored
    uncertain,           // asked, no answer: it may or may not have happened. Ask again with the same id
    timed_out,           // the deadline passed; for a wait, the job is unaffected
    busy,                // another process holds the store; nothing was stored
    closed,              // this client, worker or broker object was closed
    aborted,             // the operation was cancelled by its caller
    not_supported,       // this broker lacks the capability; the text names the fix
    auth_failed,         // credentials or rights
    protocol_error,      // the peer sent what it must not
    broker_unsupported,  // a server of the wrong version or with settings that would lose jobs
    tls_failed,          // certificate or handshake; there is no fallback to plain text

    // storage
    storage_open,            // the file cannot be opened
    storage_unsupported_fs,  // a network file system, whose locks cannot be trusted
    storage_corrupt,         // damaged; the file is left as it is
    storage_full,            // no space; running jobs keep their leases
    storage_replaced,        // the file at the path is no longer the one that was opened
    not_a_queue,             // a file of another program
    schema_newer,            // written by a later version

    // what a program asked for
    invalid_job_name,
    invalid_queue_name,
    invalid_job_id,
    duplicate_job_id,  // another job has this id, with other contents
    duplicate_handler,
    unknown_job,
    job_not_found,  // never known, or its retention has ended
    queue_full,
    invalid_timeout,
    invalid_delay,
    invalid_expiry,
    invalid_retry_policy,
    invalid_priority,
    invalid_concurrency,
    invalid_lease,
    invalid_url,
    invalid_config,
    invalid_schedule,  // its name, interval or options
    invalid_cron,
    cron_never_fires,  // 30 February
    unknown_timezone,  // not on this machine
    no_jobs,           // a worker that knows no job function
    already_started,
    wrong_thread,  // a blocking call on the thread that would have to answer it

    // payloads
    argument_count,
    argument_type,
    argument_range,
    not_representable,  // NaN, infinity
    invalid_utf8,
    payload_too_deep,
    payload_syntax,
    payload_too_large,
    too_many_elements,
    bad_envelope,
    unsupported_codec,
    result_encoding,
    result_too_large,
};

// "queue_full"; never empty.
std::string_view to_string(errc code) noexcept;

std::error_category const& error_category() noexcept;
std::error_code make_error_code(errc code) noexcept;

// Trouble, as opposed to an outcome that a caller must expect (those are values). what() reads
// "invalid_url: port "99999" not in 1..65535": the code's name, then what was wrong, the value, the limit,
// and what to do.
class Error : public std::system_error {
public:
    explicit Error(errc code, std::string detail = {});

    errc which() const noexcept { return which_; }
    std::string const& detail() const noexcept { return detail_; }  // what() without the code's name
    char const* what() const noexcept override { return what_.c_str(); }

private:
    errc which_;
    std::string detail_;
    std::string what_;
};

}  // namespace cohort

template<>
struct std::is_error_code_enum<cohort::errc> : std::true_type {};
