// SPDX-License-Identifier: MIT
#include "sqlite/claim.hpp"

#include "sqlite/jobs.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace cohort::sqlite {
namespace {

// So many fall due in one claim. It bounds how long the lock is held; the rest follows with the next claim or
// upkeep.
constexpr std::int64_t most_promoted = 500;
// A claim that waits finds out so often whether its worker is still enlisted.
constexpr auto recheck = std::chrono::milliseconds{500};

// The first `limit` that this program can read; those of a later version are left where they are.
std::vector<Row> read_ready(Session& session, std::int64_t queue, std::size_t limit) {
    static std::string const sql = select_ready_rows() + "WHERE r.queue = ? ORDER BY r.rank, r.due, r.seq";
    std::vector<Row> rows;
    Use const ready{session.prepare(sql)};
    ready->bind(queue);
    while (rows.size() < limit && ready->step()) {
        Row row = read_ready_row(*ready);
        if (!row.is_newer) rows.push_back(std::move(row));
    }
    return rows;
}

// ready, running: the transition T3 as cohort::claim makes it, for all up to the last of `rows`, which have
// been read in this transaction. In two statements: each row of its own would cost more than what it does.
// False, and nothing done: there is something else between them, of a later version or damaged.
bool mark_running(Session& session, std::vector<Row> const& rows, Token const& token) {
    static std::string const enter =
        "INSERT OR IGNORE INTO jobs_running (seq, queue, attempt, incarnation, claim_no, started) "
        "SELECT r.seq, r.queue, coalesce((SELECT attempt FROM jobs_past p WHERE p.seq = r.seq), 0) + 1, ?, "
        "?, ? "
        "FROM jobs_ready r WHERE r.queue = ? AND (r.rank, r.due, r.seq) <= (?, ?, ?)";
    Row const& last = rows.back();
    auto const claim = static_cast<std::int64_t>(token.claim);
    int const entered = session.prepare(enter)
                            .bind(std::string_view{token.incarnation})
                            .bind(claim)
                            .bind(session.now())
                            .bind(last.queue)
                            .bind(-last.record.priority)
                            .bind(last.due)
                            .bind(last.seq)
                            .run();
    if (static_cast<std::size_t>(entered) != rows.size()) {
        static std::string const undo =
            "DELETE FROM jobs_running WHERE queue = ? AND incarnation = ? AND claim_no = ?";
        session.prepare(undo).bind(last.queue).bind(std::string_view{token.incarnation}).bind(claim).run();
        return false;
    }
    static std::string const leave =
        "DELETE FROM jobs_ready WHERE queue = ? AND (rank, due, seq) <= (?, ?, ?)";
    session.prepare(leave).bind(last.queue).bind(-last.record.priority).bind(last.due).bind(last.seq).run();
    return true;
}

// The same one by one. What runs already, or is over, was ready by mistake: it is taken out of `rows`, too.
void mark_each_running(Session& session, std::vector<Row>& rows, Token const& token) {
    static std::string const enter =
        "INSERT OR IGNORE INTO jobs_running (seq, queue, attempt, incarnation, claim_no, started) "
        "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM jobs_ended WHERE seq = ?1)";
    static std::string const leave =
        "DELETE FROM jobs_ready WHERE queue = ? AND rank = ? AND due = ? AND seq = ?";
    static std::string const leave_anyhow = "DELETE FROM jobs_ready WHERE queue = ? AND seq = ?";
    std::erase_if(rows, [&](Row const& row) {
        int const left = session.prepare(leave)
                             .bind(row.queue)
                             .bind(-row.record.priority)
                             .bind(row.due)
                             .bind(row.seq)
                             .run();
        // It stood where its record does not say.
        if (left == 0) session.prepare(leave_anyhow).bind(row.queue).bind(row.seq).run();
        Statement& begin = session.prepare(enter);
        begin.bind(row.seq).bind(row.queue).bind(row.record.counters.attempt + 1);
        begin.bind(std::string_view{token.incarnation}).bind(static_cast<std::int64_t>(token.claim));
        return begin.bind(session.now()).run() == 0;
    });
}

}  // namespace

Claim::Claim(ClaimParams params) : params_{std::move(params)} {
    waiting_.until = std::chrono::steady_clock::now() + std::min<Duration>(params_.wait, 24h * 365);
}

void Claim::find_sources(Session& session) {
    sources_.clear();
    for (auto const& name : params_.queues) {
        // Once each, however often it is named.
        bool const known =
            std::any_of(sources_.begin(), sources_.end(), [&](auto const& s) { return *s.name == name; });
        if (!known) sources_.push_back({&name, session.find_queue(name).value_or(-1)});
    }
}

bool Claim::is_settled(Session& session) {
    static std::string const sql =
        "SELECT w.id, s.queue, s.last_claim FROM workers w JOIN served s ON s.worker = w.id "
        "WHERE w.namespace = ? AND w.incarnation = ?";
    reply = {};
    worker_ = 0;
    find_sources(session);
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
    static std::string const sql = select_rows("jobs_running n CROSS JOIN jobs j ON j.seq = n.seq") +
                                   "WHERE n.incarnation = ? AND n.claim_no = ? ORDER BY n.seq";
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
    // Rung for work: step() looks again at whether this worker may have it, and a retired one that waits in
    // vain hears of it with the next tick.
    auto const now = std::chrono::steady_clock::now();
    bool const will_wait = params_.wait >= 1s;  // and so hear in time that it is retired
    if (sources_.empty() && will_wait && session.continues(params_.incarnation, params_.number)) {
        find_sources(session);
        checked_ = now;
    } else if (now - checked_ >= recheck) {
        checked_ = now;
        if (is_settled(session)) return Progress::done;
    }
    static std::string const sql =
        "SELECT q.paused, EXISTS (SELECT 1 FROM jobs_ready WHERE queue = ?1), "
        "(SELECT min(due) FROM jobs_later WHERE queue = ?1) FROM queues q WHERE q.id = ?1";
    std::optional<Instant> next_due;
    // What a step has just looked at in vain is not looked at again before something is new.
    auto const in_vain = std::exchange(in_vain_, {});
    waiting_.queues.clear();
    for (auto const& source : sources_) {
        if (source.is_repeat) continue;
        waiting_.queues.push_back(source.queue);
        Use const look{session.prepare(sql)};
        look->bind(source.queue);
        if (!look->step() || look->integer(0) != 0) continue;
        bool const is_new = std::find(in_vain.begin(), in_vain.end(), source.queue) == in_vain.end();
        if (look->integer(1) != 0 && is_new) return Progress::more;
        if (!look->is_null(2)) next_due = std::min(next_due.value_or(never), look->instant(2));
    }
    if (next_due && *next_due <= session.now()) return Progress::more;
    return wait_or_end(session, next_due);
}

Progress Claim::wait_or_end(Session& session, std::optional<Instant> next_due) {
    waiting_.looked = std::chrono::steady_clock::now();
    waiting_.next_due.reset();
    // Not longer than a day: the writer counts in finer units, which end sooner.
    if (next_due) waiting_.next_due = std::min<Duration>(*next_due - session.now(), 24h);
    if (std::chrono::steady_clock::now() < waiting_.until) return Progress::wait;
    if (is_settled(session)) return Progress::done;
    if (next_due) reply.next_due = *next_due - session.now();
    return Progress::done;
}

Progress Claim::step(Session& session) {
    if (is_settled(session)) return Progress::done;
    session.note_claim(params_.incarnation, params_.number);
    bool const is_repeat = !reply.jobs.empty();
    for (auto const& source : sources_) {
        if (!source.is_repeat && reply.jobs.size() < params_.limit) take(session, source);
    }
    // Somebody else was faster: what to wait for is found as if nothing had been there.
    return reply.jobs.empty() && !is_repeat ? Progress::wait : Progress::done;
}

// T14 for those of the rows that did not start in time; true when there were any.
bool Claim::end_expired(Session& session, std::string const& queue, std::vector<Row>& rows) {
    bool some = false;
    for (auto& row : rows) {
        row.record.ref.queue = queue;
        if (!expire(row.record, session.now())) continue;
        save_job(session, row, JobState::queued);
        some = true;
    }
    return some;
}

// Is there something that nobody here can take?
void Claim::note_vain(Session& session, std::int64_t queue) {
    static std::string const sql = "SELECT EXISTS (SELECT 1 FROM jobs_ready WHERE queue = ?)";
    Use const look{session.prepare(sql)};
    look->bind(queue);
    if (look->step() && look->integer(0) != 0) in_vain_.push_back(queue);
}

void Claim::take(Session& session, Source const& source) {
    if (session.queue(*source.name).paused) return;
    promote_due(session, source.queue, most_promoted);
    auto const before = reply.jobs.size();
    auto rows = read_ready(session, source.queue, params_.limit - before);
    // Something else may be behind those that have expired, so look again.
    while (end_expired(session, *source.name, rows))
        rows = read_ready(session, source.queue, params_.limit - before);
    if (rows.empty()) return note_vain(session, source.queue);
    Token const token{params_.incarnation, params_.number};
    if (!mark_running(session, rows, token)) mark_each_running(session, rows, token);
    if (rows.empty()) return note_vain(session, source.queue);
    for (auto& row : rows) {
        if (row.expires != never) remove_expiring(session, row);
        row.record.ref.queue = *source.name;
        cohort::claim(row.record, token, session.now());
        session.hold(row);
        reply.jobs.push_back(std::move(row.record));
    }
    static std::string const sql = "UPDATE served SET last_claim = ? WHERE worker = ? AND queue = ?";
    session.prepare(sql)
        .bind(static_cast<std::int64_t>(params_.number))
        .bind(worker_)
        .bind(source.queue)
        .run();
}

}  // namespace cohort::sqlite
