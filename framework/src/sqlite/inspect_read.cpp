// SPDX-License-Identifier: MIT
// Operators' reading.
#include "sqlite/inspect.hpp"
#include "sqlite/jobs.hpp"

#include <cohort/error.hpp>

#include <charconv>
#include <string>

namespace cohort::sqlite {
namespace {

// A page looks at so many rows of all queues before it ends, full or not: a search must not hold a reader for
// minutes.
constexpr std::int64_t rows_per_page = 200'000;

}  // namespace

// queues, and counts along the keys of the tables in which their jobs are.
Progress ListQueues::step(Session& session) {
    static std::string const sql = [] {
        std::string text =
            "SELECT q.name, q.paused, q.max_length, (SELECT min(due) FROM jobs_ready WHERE queue = q.id)";
        for (auto const state : all_states)
            text += ", (SELECT count(*) FROM (" + select_seqs(state, "q.id") +
                    (is_terminal(state) ? " AND forget > ?2" : "") + "))";
        return text + " FROM queues q WHERE q.namespace = ?1 ORDER BY q.name";
    }();
    queues.clear();
    Use const read{session.prepare(sql)};
    read->bind(std::string_view{session.config().space}).bind(session.now());
    while (read->step()) {
        QueueInfo info;
        info.name = read->text(0);
        info.paused = read->integer(1) != 0;
        info.options.max_length = static_cast<std::uint64_t>(read->integer(2));
        if (!read->is_null(3)) info.oldest = std::max(session.now() - read->instant(3), Duration{0});
        for (std::size_t i = 0; i < info.jobs.size(); ++i) {
            info.jobs[i] = static_cast<std::uint64_t>(read->integer(4 + static_cast<int>(i)));
        }
        queues.push_back(std::move(info));
    }
    return Progress::done;
}

ListJobs::ListJobs(ListParams params) : params_{std::move(params)} {
    auto const& cursor = params_.after;
    if (cursor.empty()) return;
    auto const [end, fault] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), after_);
    if (fault != std::errc{} || end != cursor.data() + cursor.size() || after_ < 0) {
        throw Error{errc::invalid_config, "\"" + cursor + "\" is not the cursor of a page"};
    }
}

// jobs: by number, which is the order of storing. NOT INDEXED: an index on the queue would have to be sorted
// whole.
Progress ListJobs::step(Session& session) {
    static std::string const sql =
        select_rows("jobs j NOT INDEXED") +
        "WHERE j.seq > ?1 AND j.seq <= ?2 AND j.queue = ?3 AND (?4 < 0 OR ?4 = CASE WHEN n.seq IS NOT NULL "
        "THEN 2 "
        "WHEN e.seq IS NOT NULL THEN e.state WHEN l.seq IS NOT NULL THEN l.state ELSE 1 END) "
        "AND (?5 = '' OR instr(j.id, ?5) OR instr(j.name, ?5) OR instr(j.arguments, ?5) "
        "OR instr(coalesce(p.error, ''), ?5) OR instr(coalesce(j.unique_key, ''), ?5)) "
        "AND (e.forget IS NULL OR e.forget > ?7) ORDER BY j.seq LIMIT ?6";
    static std::string const last_sql = "SELECT max(seq) FROM jobs";
    page = {};
    auto const queue = session.find_queue(params_.queue);
    if (!queue) return Progress::done;
    std::int64_t last = 0;
    {
        Use const read{session.prepare(last_sql)};
        if (read->step()) last = read->integer(0);
    }
    std::int64_t const end = std::min(last, after_ + rows_per_page);
    std::int64_t seen = after_;
    {
        Use const read{session.prepare(sql)};
        read->bind(after_).bind(end).bind(*queue);
        read->bind(params_.state ? static_cast<std::int64_t>(*params_.state) : -1);
        read->bind(std::string_view{params_.contains})
            .bind(std::int64_t{params_.limit} + 1)
            .bind(session.now());
        while (page.jobs.size() < params_.limit && read->step()) {
            Row row = read_row(*read);
            row.record.ref.queue = params_.queue;
            seen = row.seq;
            page.jobs.push_back(std::move(row.record));
        }
        // Full, and there is one more: the next page begins behind the last one shown.
        bool const more = page.jobs.size() == params_.limit && read->step();
        if (!more) seen = end;
    }
    if (seen < last) page.next = std::to_string(seen);
    return Progress::done;
}

Progress FindById::step(Session& session) {
    // CROSS JOIN: one look per queue into the index on (queue, id).
    static std::string const sql =
        select_rows("queues q CROSS JOIN jobs j ON j.queue = q.id AND j.id = ?1") + "WHERE q.namespace = ?2";
    record.reset();
    Use const find{session.prepare(sql)};
    find->bind(std::string_view{id_}).bind(std::string_view{session.config().space});
    while (find->step()) {
        Row row = read_row(*find);
        if (is_forgotten(row.record, session.now())) continue;
        row.record.ref.queue = session.queue_name(row.queue);
        record = std::move(row.record);
    }
    return Progress::done;
}

Progress ListWorkers::step(Session& session) {
    static std::string const sql =
        "SELECT incarnation, name, host, pid, queues, slots, lease, since, last_beat "
        "FROM workers WHERE namespace = ? ORDER BY since, incarnation";
    workers.clear();
    Use const read{session.prepare(sql)};
    read->bind(std::string_view{session.config().space});
    while (read->step()) {
        WorkerInfo worker;
        worker.incarnation = read->text(0);
        worker.name = read->text(1);
        worker.host = read->text(2);
        worker.pid = read->integer(3);
        auto const names = read->text(4);
        for (std::size_t at = 0; at < names.size();) {
            auto const end = std::min(names.find(' ', at), names.size());
            worker.queues.emplace_back(names.substr(at, end - at));
            at = end + 1;
        }
        worker.slots = static_cast<std::uint32_t>(read->integer(5));
        worker.lease = Duration{read->integer(6)};
        worker.since = read->instant(7);
        worker.last_beat = read->instant(8);
        workers.push_back(std::move(worker));
    }
    return Progress::done;
}

}  // namespace cohort::sqlite
