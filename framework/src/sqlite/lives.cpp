// SPDX-License-Identifier: MIT
#include "sqlite/lives.hpp"

#include "sqlite/jobs.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace cohort::sqlite {
namespace {

constexpr std::size_t most_released = 500;

std::string joined(std::vector<std::string> const& words) {
    std::string out;
    for (auto const& word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

// All that runs under this life, up to `limit`.
std::vector<Row> held_rows(Session& session, std::string_view incarnation, std::size_t limit) {
    static std::string const sql =
        select_rows(
            "jobs_running n CROSS JOIN jobs j ON j.seq = n.seq CROSS JOIN queues q ON q.id = n.queue") +
        "WHERE n.incarnation = ? AND q.namespace = ? LIMIT ?";
    std::vector<Row> rows;
    Use const held{session.prepare(sql)};
    held->bind(incarnation)
        .bind(std::string_view{session.config().space})
        .bind(static_cast<std::int64_t>(limit));
    while (held->step()) {
        Row row = read_row(*held);
        if (row.is_newer) continue;
        row.record.ref.queue = session.queue_name(row.queue);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

// workers: one row; served: one for each queue; queues: those that are new.
Progress Enlist::step(Session& session) {
    for (auto const& queue : worker_.queues)
        session.queue(queue);
    static std::string const sql =
        "INSERT INTO workers (namespace, incarnation, name, host, pid, queues, slots, lease, since, "
        "last_beat, beat, boot) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (namespace, incarnation) DO UPDATE SET "
        "queues = excluded.queues, slots = excluded.slots, lease = excluded.lease, last_beat = "
        "excluded.last_beat, "
        "beat = excluded.beat, boot = excluded.boot";
    auto const& config = session.config();
    std::string const queues = joined(worker_.queues);
    session.prepare(sql)
        .bind(std::string_view{config.space})
        .bind(std::string_view{worker_.incarnation})
        .bind(std::string_view{worker_.name})
        .bind(std::string_view{worker_.host})
        .bind(worker_.pid)
        .bind(std::string_view{queues})
        .bind(worker_.slots)
        .bind(worker_.lease)
        .bind(session.now())
        .bind(session.now())
        .bind(session.steady())
        .bind(std::string_view{config.boot})
        .run();
    static std::string const serve = "INSERT INTO served (worker, queue) SELECT id, ?3 FROM workers "
                                     "WHERE namespace = ?1 AND incarnation = ?2 ON CONFLICT DO NOTHING";
    for (auto const& queue : worker_.queues) {
        session.prepare(serve)
            .bind(std::string_view{config.space})
            .bind(std::string_view{worker_.incarnation})
            .bind(session.queue(queue).id)
            .run();
    }
    session.forget_enlisted();
    return Progress::done;
}

// workers: the row of this life, if it is still there; a retired one is never brought back.
Progress Renew::step(Session& session) {
    reply = {};
    static std::string const sql =
        "UPDATE workers SET last_beat = ?, beat = ?, boot = ? WHERE namespace = ? AND incarnation = ?";
    auto const& config = session.config();
    int const changed = session.prepare(sql)
                            .bind(session.now())
                            .bind(session.steady())
                            .bind(std::string_view{config.boot})
                            .bind(std::string_view{config.space})
                            .bind(std::string_view{beat_.incarnation})
                            .run();
    reply.retired = changed == 0;
    if (!reply.retired) compare(session);
    return Progress::done;
}

void Renew::compare(Session& session) {
    static std::string const sql =
        "SELECT n.queue, j.id, n.cancel_requested, n.claim_no FROM jobs_running n CROSS JOIN jobs j ON j.seq "
        "= "
        "n.seq "
        "CROSS JOIN queues q ON q.id = n.queue WHERE n.incarnation = ? AND q.namespace = ?";
    std::map<std::string, std::vector<JobRecord>> stored;
    {
        Use const held{session.prepare(sql)};
        held->bind(std::string_view{beat_.incarnation}).bind(std::string_view{session.config().space});
        while (held->step()) {
            JobRecord record;
            record.ref = {session.queue_name(held->integer(0)), held->string(1)};
            record.state = JobState::running;
            record.cancel_requested = held->integer(2) != 0;
            record.token = Token{beat_.incarnation,
                                 static_cast<std::uint64_t>(std::max<std::int64_t>(held->integer(3), 0))};
            if (record.cancel_requested) reply.cancel.push_back(record.ref);
            stored[record.ref.queue].push_back(std::move(record));
        }
    }
    for (auto& [queue, records] : stored) {
        auto const said = std::find_if(beat_.held.begin(), beat_.held.end(),
                                       [&](Held const& held) { return held.queue == queue; });
        std::uint64_t const count = said == beat_.held.end() ? 0 : said->jobs;
        if (count != records.size())
            std::move(records.begin(), records.end(), std::back_inserter(reply.strays));
    }
}

// workers, served: the rows go first, which fences at once; then what it held, in steps.
Progress Retire::step(Session& session) {
    static std::string const sql = "DELETE FROM workers WHERE namespace = ? AND incarnation = ?";
    session.prepare(sql)
        .bind(std::string_view{session.config().space})
        .bind(std::string_view{incarnation_})
        .run();
    session.forget_enlisted();
    session.store_counts();
    auto rows = held_rows(session, incarnation_, most_released);
    for (auto& row : rows) {
        Settlement release;
        release.ref = row.record.ref;
        release.token = row.record.token.value_or(Token{});
        release.kind = SettleKind::released;
        settle(row.record, std::move(release), session.now());
        save_job(session, row, JobState::running);
    }
    return rows.size() < most_released ? Progress::done : Progress::more;
}

}  // namespace cohort::sqlite
