// SPDX-License-Identifier: MIT
#include "sqlite/claim.hpp"

#include "sqlite/jobs.hpp"

#include <algorithm>
#include <string>

namespace cohort::sqlite {
namespace {

// So many fall due in one claim. It bounds how long the lock is held; the rest follows with the next claim or
// upkeep.
constexpr std::int64_t most_promoted = 500;

// jobs: T2 for what has fallen due, T14 for what has expired before it was due. The select keeps the common
// case, in which there is nothing, free of writing.
void promote(Session& session, std::int64_t queue) {
    static std::string const look = "SELECT EXISTS (SELECT 1 FROM jobs WHERE queue = ?1 AND state IN (0, 3) "
                                    "AND alarm IS NOT NULL AND alarm <= ?2)";
    {
        Use const find{session.prepare(look)};
        find->bind(queue).bind(session.now());
        if (!find->step() || find->integer(0) == 0) return;
    }
    static std::string const sql =
        "UPDATE jobs SET state = 1, alarm = expires WHERE seq IN (SELECT seq FROM jobs WHERE queue = ?1 "
        "AND state IN (0, 3) AND alarm IS NOT NULL AND alarm <= ?2 AND due <= ?2 LIMIT ?3)";
    session.prepare(sql).bind(queue).bind(session.now()).bind(most_promoted).run();
}

std::vector<Row> read_ready(Session& session, std::int64_t queue, std::size_t limit) {
    static std::string const sql =
        "SELECT " + row_columns() +
        " FROM jobs WHERE queue = ? AND state = 1 ORDER BY priority DESC, due, seq LIMIT ?";
    std::vector<Row> rows;
    Use const ready{session.prepare(sql)};
    ready->bind(queue).bind(static_cast<std::int64_t>(limit));
    while (ready->step())
        rows.push_back(read_row(*ready));
    return rows;
}

// jobs: the transition T3 as cohort::claim makes it, for one row that was read as queued in this transaction.
void mark_running(Session& session, Row const& row) {
    static std::string const sql =
        "UPDATE jobs SET state = 2, alarm = NULL, expires = NULL, attempt = ?, incarnation = ?, "
        "claim_no = ?, started = ? WHERE seq = ?";
    JobRecord const& record = row.record;
    session.prepare(sql)
        .bind(record.counters.attempt)
        .bind(std::string_view{record.token->incarnation})
        .bind(static_cast<std::int64_t>(record.token->claim))
        .bind(record.started)
        .bind(row.seq)
        .run();
}

}  // namespace

Claim::Claim(ClaimParams params) : params_{std::move(params)} {
    waiting_.until = std::chrono::steady_clock::now() + std::min<Duration>(params_.wait, 24h * 365);
}

bool Claim::is_settled(Session& session) {
    static std::string const sql =
        "SELECT w.id, s.queue, s.last_claim FROM workers w JOIN served s ON s.worker = w.id "
        "WHERE w.namespace = ? AND w.incarnation = ?";
    reply = {};
    worker_ = 0;
    sources_.clear();
    for (auto const& name : params_.queues) {
        // Once each, however often it is named.
        bool const known =
            std::any_of(sources_.begin(), sources_.end(), [&](auto const& s) { return *s.name == name; });
        if (!known) sources_.push_back({&name, session.find_queue(name).value_or(-1)});
    }
    std::size_t enlisted = 0;
    bool is_repeat = false;
    {
        Use const served{session.prepare(sql)};
        served->bind(std::string_view{session.config().space}).bind(std::string_view{params_.incarnation});
        while (served->step()) {
            worker_ = served->integer(0);
            for (auto& source : sources_) {
                if (source.queue != served->integer(1)) continue;
                ++enlisted;
                source.is_repeat = static_cast<std::int64_t>(params_.number) <= served->integer(2);
                is_repeat = is_repeat || source.is_repeat;
            }
        }
    }
    reply.retired = worker_ == 0;
    if (reply.retired) return true;
    if (enlisted < sources_.size()) {
        throw Error{errc::invalid_queue_name,
                    "a queue of this claim is not one that its worker is enlisted on"};
    }
    if (!is_repeat) return false;
    repeat(session);
    // Queues that gave this number nothing may still give it something; but nothing is waited for.
    bool const all_repeat =
        std::all_of(sources_.begin(), sources_.end(), [](auto const& s) { return s.is_repeat; });
    waiting_.until = {};
    return all_repeat || reply.jobs.size() >= params_.limit;
}

void Claim::repeat(Session& session) {
    static std::string const sql =
        "SELECT " + row_columns() +
        " FROM jobs WHERE state = 2 AND incarnation = ? AND claim_no = ? ORDER BY seq";
    Use const held{session.prepare(sql)};
    held->bind(std::string_view{params_.incarnation}).bind(static_cast<std::int64_t>(params_.number));
    while (held->step()) {
        Row row = read_row(*held);
        auto const name = session.queue_name(row.queue);
        // The same incarnation in another namespace would be another worker; and only queues of this claim
        // count.
        bool const ours = std::any_of(sources_.begin(), sources_.end(),
                                      [&](auto const& s) { return s.queue == row.queue; });
        if (!ours) continue;
        row.record.ref.queue = name;
        reply.jobs.push_back(std::move(row.record));
    }
}

Progress Claim::peek(Session& session) {
    if (is_settled(session)) return Progress::done;
    static std::string const sql =
        "SELECT q.paused, EXISTS (SELECT 1 FROM jobs WHERE queue = ?1 AND state = 1), "
        "(SELECT min(alarm) FROM jobs WHERE queue = ?1 AND state = 0 AND alarm IS NOT NULL), "
        "(SELECT min(alarm) FROM jobs WHERE queue = ?1 AND state = 3 AND alarm IS NOT NULL) FROM queues q "
        "WHERE q.id = ?1";
    std::optional<Instant> next_due;
    waiting_.queues.clear();
    for (auto const& source : sources_) {
        if (source.is_repeat) continue;
        waiting_.queues.push_back(source.queue);
        Use const look{session.prepare(sql)};
        look->bind(source.queue);
        if (!look->step() || look->integer(0) != 0) continue;
        if (look->integer(1) != 0) return Progress::more;
        for (int column : {2, 3}) {
            if (look->is_null(column)) continue;
            next_due = std::min(next_due.value_or(never), look->instant(column));
        }
    }
    if (next_due && *next_due <= session.now()) return Progress::more;
    return wait_or_end(session, next_due);
}

Progress Claim::wait_or_end(Session& session, std::optional<Instant> next_due) {
    waiting_.looked = std::chrono::steady_clock::now();
    waiting_.next_due.reset();
    if (next_due) waiting_.next_due = *next_due - session.now();
    if (std::chrono::steady_clock::now() < waiting_.until) return Progress::wait;
    reply.next_due = waiting_.next_due;
    return Progress::done;
}

Progress Claim::step(Session& session) {
    if (is_settled(session)) return Progress::done;
    bool const is_repeat = !reply.jobs.empty();
    for (auto const& source : sources_) {
        if (!source.is_repeat && reply.jobs.size() < params_.limit) take(session, source);
    }
    // Somebody else was faster: what to wait for is found as if nothing had been there.
    return reply.jobs.empty() && !is_repeat ? Progress::wait : Progress::done;
}

void Claim::take(Session& session, Source const& source) {
    if (session.queue(*source.name).paused) return;
    promote(session, source.queue);
    Token const token{params_.incarnation, params_.number};
    auto const before = reply.jobs.size();
    bool some_expired = true;
    while (some_expired && reply.jobs.size() < params_.limit) {
        some_expired = false;
        for (auto& row : read_ready(session, source.queue, params_.limit - reply.jobs.size())) {
            row.record.ref.queue = *source.name;
            if (expire(row.record, session.now())) {
                // Something else may be behind it, so look again.
                some_expired = true;
                save_job(session, row, JobState::queued);
                continue;
            }
            cohort::claim(row.record, token, session.now());
            mark_running(session, row);
            reply.jobs.push_back(std::move(row.record));
        }
    }
    if (reply.jobs.size() == before) return;
    static std::string const sql = "UPDATE served SET last_claim = ? WHERE worker = ? AND queue = ?";
    session.prepare(sql)
        .bind(static_cast<std::int64_t>(params_.number))
        .bind(worker_)
        .bind(source.queue)
        .run();
}

}  // namespace cohort::sqlite
