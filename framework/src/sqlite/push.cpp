// SPDX-License-Identifier: MIT
#include "sqlite/push.hpp"

#include "sqlite/jobs.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace cohort::sqlite {
namespace {

// After so many the writer looks at its watch.
constexpr std::size_t jobs_per_step = 64;

// Where the job will be: its state and its times, without copying its texts.
JobRecord place(NewJob const& job, Instant now) {
    NewJob times;
    times.delay = job.delay;
    times.eta = job.eta;
    times.expires = job.expires;
    times.priority = job.priority;
    return make_record(std::move(times), now);
}

// jobs: one row, unless its id is there already. One statement, so nobody can come between.
bool insert(Session& session, std::int64_t queue, NewJob const& job, JobRecord const& record) {
    static std::string const sql =
        "INSERT INTO jobs (queue, id, record_version, created, due, expires, priority, name, version, "
        "unique_key, "
        "client, sender, max_retries, max_lost, timeout, backoff, keep_result, keep_error, arguments) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    std::string const backoff = format_backoff(job.policy.backoff);
    Statement& s = session.prepare(sql);
    s.bind(queue).bind(std::string_view{job.ref.id}).bind(std::int64_t{record_version});
    s.bind(record.created).bind(record.due);
    if (record.expires == never)
        s.bind_null();
    else
        s.bind(record.expires);
    s.bind(job.priority).bind(std::string_view{job.name}).bind(job.version);
    s.bind_text_or_null(job.unique).bind_text_or_null(job.client).bind_text_or_null(job.sender);
    s.bind(job.policy.max_retries)
        .bind(job.policy.max_lost)
        .bind(job.policy.timeout)
        .bind_text_or_null(backoff);
    s.bind(job.policy.keep_result).bind(job.policy.keep_error).bind(std::string_view{job.arguments});
    if (s.run() != 1) return false;

    // ready or later, expiring, keys
    auto const seq = sqlite3_last_insert_rowid(session.database().handle());
    add_waiting(session, queue, seq, record);
    if (record.expires != never) {
        static std::string const limit = "INSERT INTO jobs_expiring (queue, expires, seq) VALUES (?, ?, ?)";
        session.prepare(limit).bind(queue).bind(record.expires).bind(seq).run();
    }
    if (!job.unique.empty()) {
        static std::string const key = "INSERT INTO jobs_keys (queue, unique_key, seq) VALUES (?, ?, ?)";
        session.prepare(key).bind(queue).bind(std::string_view{job.unique}).bind(seq).run();
    }
    return true;
}

// Has this id been used before? Nothing: it has not, or that job's retention had ended and it is now gone.
std::optional<PushResult> earlier(Session& session, std::int64_t queue, NewJob const& job) {
    static std::string const sql = select_rows() + "WHERE j.queue = ? AND j.id = ?";
    Row row;
    {
        Use const find{session.prepare(sql)};
        find->bind(queue).bind(std::string_view{job.ref.id});
        if (!find->step()) return std::nullopt;
        row = read_row(*find);
    }
    if (is_forgotten(row.record, session.now())) {
        remove_job(session, row.seq);
        return std::nullopt;
    }
    PushResult result;
    if (row.is_newer) {
        result.verdict = PushVerdict::refused;
        result.code = errc::bad_envelope;
        result.detail = "a later version of Cohort has stored a job " + to_string(job.ref) +
                        ", and this program reads records up to version " + std::to_string(record_version) +
                        "; use a newer one, or another id";
        return result;
    }
    result.is_repeat = row.record.name == job.name && row.record.arguments == job.arguments;
    if (!result.is_repeat) {
        result.verdict = PushVerdict::refused;
        result.code = errc::duplicate_job_id;
        result.detail =
            "another job has the id " + to_string(job.ref) + ", with another name or other arguments";
    }
    return result;
}

// Who holds the unique key?
std::optional<PushResult> holder(Session& session, std::int64_t queue, NewJob const& job) {
    if (job.unique.empty()) return std::nullopt;
    static std::string const sql = "SELECT j.id FROM jobs_keys k CROSS JOIN jobs j ON j.seq = k.seq WHERE "
                                   "k.queue = ? AND k.unique_key = ?";
    Use const find{session.prepare(sql)};
    find->bind(queue).bind(std::string_view{job.unique});
    if (!find->step()) return std::nullopt;
    PushResult result;
    result.verdict = PushVerdict::duplicate;
    result.existing = find->text(0);
    return result;
}

// Waiting jobs, counted up to the bound.
std::uint64_t count_waiting(Session& session, Queue const& queue) {
    static std::string const sql = "SELECT count(*) FROM (SELECT 1 FROM jobs_ready WHERE queue = ?1 "
                                   "UNION ALL SELECT 1 FROM jobs_later WHERE queue = ?1 LIMIT ?2)";
    Use const count{session.prepare(sql)};
    count->bind(queue.id).bind(static_cast<std::int64_t>(queue.max_length));
    return count->step() ? static_cast<std::uint64_t>(count->integer(0)) : 0;
}

bool is_full(Session& session, Queue& queue) {
    if (queue.max_length == 0) return false;
    if (!queue.waiting) queue.waiting = count_waiting(session, queue);
    return *queue.waiting >= queue.max_length;
}

}  // namespace

Push::Push(std::vector<NewJob> jobs) : jobs_{std::move(jobs)} {
    results.reserve(jobs_.size());
}

Progress Push::step(Session& session) {
    auto const end = std::min(jobs_.size(), results.size() + jobs_per_step);
    while (results.size() < end)
        results.push_back(store(session, jobs_[results.size()]));
    return results.size() == jobs_.size() ? Progress::done : Progress::more;
}

PushResult Push::store(Session& session, NewJob const& job) {
    Queue& queue = session.queue(job.ref.queue);
    JobRecord const record = place(job, session.now());
    bool const full = is_full(session, queue);
    // A key is looked at before anything is stored; an id is found out about by storing.
    bool const is_keyed = !job.unique.empty();
    if (full || is_keyed || !insert(session, queue.id, job, record)) {
        if (auto known = earlier(session, queue.id, job)) return *known;
        if (auto known = holder(session, queue.id, job)) return *known;
        if (full) {
            PushResult result;
            result.verdict = PushVerdict::refused;
            result.code = errc::queue_full;
            result.detail = "queue \"" + job.ref.queue + "\" holds " + std::to_string(queue.max_length) +
                            " waiting jobs, its max_length; push again later, or configure a larger one";
            return result;
        }
        // What was in the way, if anything was, has just been removed.
        insert(session, queue.id, job, record);
    }
    if (queue.waiting) ++*queue.waiting;
    note_effects(session, queue.id, record, JobState::scheduled);
    return {};
}

}  // namespace cohort::sqlite
