// SPDX-License-Identifier: MIT
#include "sqlite/session.hpp"

#include <cohort/error.hpp>

#include <algorithm>

namespace cohort::sqlite {

Session::Session(Config const& config, ConnectionOptions options)
    : config_{config}, database_{config.path, options}, guard_{database_} {
    read_clock();
}

Statement& Session::prepare(std::string const& sql) {
    auto const found = statements_.find(&sql);
    if (found != statements_.end()) return found->second;
    return statements_.try_emplace(&sql, database_.handle(), sql).first->second;
}

void Session::read_clock() noexcept {
    now_ = config_.clock->now();
    steady_ = config_.clock->steady();
}

std::optional<std::int64_t> Session::find_queue(std::string_view name) {
    auto const known = queue_ids_.find(name);
    if (known != queue_ids_.end()) return known->second;

    static std::string const sql = "SELECT id FROM queues WHERE namespace = ? AND name = ?";
    Use const find{prepare(sql)};
    find->bind(std::string_view{config_.space}).bind(name);
    if (!find->step()) return std::nullopt;
    auto const id = find->integer(0);
    // Queues are never removed, so their numbers may be remembered.
    queue_ids_.emplace(name, id);
    queue_names_.emplace(id, name);
    return id;
}

Queue& Session::queue(std::string const& name) {
    auto const known = queues_.find(name);
    if (known != queues_.end()) return known->second;

    auto id = find_queue(name);
    if (!id) {
        static std::string const insert = "INSERT INTO queues (namespace, name) VALUES (?, ?)";
        prepare(insert).bind(std::string_view{config_.space}).bind(std::string_view{name}).run();
        id = find_queue(name);
    }
    static std::string const read = "SELECT paused, max_length FROM queues WHERE id = ?";
    Use const settings{prepare(read)};
    settings->bind(*id);
    if (!settings->step()) throw Error{errc::storage_corrupt, "queue \"" + name + "\" was removed by hand"};
    Queue queue;
    queue.id = *id;
    queue.paused = settings->integer(0) != 0;
    queue.max_length = static_cast<std::uint64_t>(settings->integer(1));
    return queues_.emplace(name, queue).first->second;
}

std::string const& Session::queue_name(std::int64_t id) {
    auto const known = queue_names_.find(id);
    if (known != queue_names_.end()) return known->second;

    static std::string const sql = "SELECT name FROM queues WHERE id = ?";
    Use const find{prepare(sql)};
    find->bind(id);
    if (!find->step())
        throw Error{errc::storage_corrupt,
                    "a job refers to queue " + std::to_string(id) + ", which is absent"};
    return queue_names_.emplace(id, find->string(0)).first->second;
}

bool Session::is_enlisted(std::string_view incarnation) {
    auto const known = enlisted_.find(incarnation);
    if (known != enlisted_.end()) return known->second;

    static std::string const sql = "SELECT 1 FROM workers WHERE namespace = ? AND incarnation = ?";
    Use const find{prepare(sql)};
    find->bind(std::string_view{config_.space}).bind(incarnation);
    return enlisted_.emplace(incarnation, find->step()).first->second;
}

void Session::note_claim(std::string const& incarnation, std::uint64_t number) {
    claim_no_ = claimer_ == incarnation ? std::max(claim_no_, number) : number;
    claimer_ = incarnation;
    claim_checked_ = std::chrono::steady_clock::now();
}

bool Session::continues(std::string const& incarnation, std::uint64_t number) const {
    constexpr auto recheck = std::chrono::milliseconds{500};
    return claimer_ == incarnation && number > claim_no_ &&
           std::chrono::steady_clock::now() - claim_checked_ < recheck;
}

void Session::hold(Row const& row) {
    // Runs that never come to an end here, because they were lost, must not pile up.
    constexpr std::size_t most = 20'000;
    if (held_.size() >= most) held_.clear();
    JobRecord const& record = row.record;
    if (row.has_past || !record.unique.empty()) return;
    held_.insert_or_assign(record.ref,
                           Held{row.seq, row.queue, record.counters.attempt, now_, record.policy.keep_result,
                                record.arguments.size(), record.client});
}

Session::Held const* Session::held(JobRef const& ref) const {
    auto const found = held_.find(ref);
    return found == held_.end() ? nullptr : &found->second;
}

void Session::add_count(Counts& counts, Count const& more) {
    auto found = std::find_if(counts.begin(), counts.end(), [&](Count const& count) {
        return count.queue == more.queue && count.succeeded == more.succeeded;
    });
    if (found == counts.end()) found = counts.insert(found, Count{more.queue, more.succeeded});
    found->jobs += more.jobs;
    found->bytes += more.bytes;
}

void Session::count_ended(std::int64_t queue, JobState state, std::uint64_t bytes) {
    add_count(counts_, {queue, state == JobState::succeeded, 1, static_cast<std::int64_t>(bytes)});
}

// Others than successes are rare, and a client that has cancelled a job may be gone the next moment.
bool Session::must_count() const noexcept {
    constexpr std::int64_t most_jobs = 16;
    constexpr std::int64_t most_bytes = 64 * 1024;
    std::int64_t jobs = 0;
    std::int64_t bytes = 0;
    for (auto const* counts : {&counts_, &uncounted_}) {
        for (Count const& count : *counts) {
            if (!count.succeeded) return true;
            jobs += count.jobs;
            bytes += count.bytes;
        }
    }
    return jobs >= most_jobs || bytes >= most_bytes;
}

// kept
void Session::store(Counts const& counts) {
    static std::string const sql =
        "UPDATE jobs_kept SET jobs = jobs + ?, bytes = bytes + ? WHERE queue = ? AND succeeded = ?";
    for (Count const& count : counts) {
        prepare(sql)
            .bind(count.jobs)
            .bind(count.bytes)
            .bind(count.queue)
            .bind(std::int64_t{count.succeeded})
            .run();
    }
}

void Session::store_counts() {
    if (!has_stored_) store(uncounted_);
    store(counts_);
    counts_.clear();
    has_stored_ = true;
}

void Session::begin() {
    in_transaction_.emplace();
    try {
        database_.begin();
    } catch (...) {
        in_transaction_.reset();
        throw;
    }
    read_clock();
    queues_.clear();
    enlisted_.clear();
    counts_.clear();
    has_stored_ = false;
    effects.clear();
}

void Session::commit() {
    if (must_count()) store_counts();
    database_.commit();
    if (has_stored_) uncounted_.clear();
    for (Count const& count : counts_)
        add_count(uncounted_, count);
    in_transaction_.reset();
}

void Session::rollback() noexcept {
    for (auto& [sql, statement] : statements_)
        statement.reset();
    database_.rollback();
    in_transaction_.reset();
    // A queue that was entered in this transaction is not there any more.
    queue_ids_.clear();
    queue_names_.clear();
    queues_.clear();
    enlisted_.clear();
    effects.clear();
}

}  // namespace cohort::sqlite
