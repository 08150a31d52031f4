// SPDX-License-Identifier: MIT
// The effects of transitions on a record. transitions.cpp holds the table of those that are legal.
#include <cohort/state.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace cohort {
namespace {

using enum JobState;

void count(std::uint32_t& counter) noexcept {
    if (counter != std::numeric_limits<std::uint32_t>::max()) ++counter;
}

void finish(JobRecord& record, JobState state, Instant now) noexcept {
    record.state = state;
    record.finished = now;
    record.cancel_requested = false;
}

// Is this what a settlement of that kind leaves behind? Asked only of the token that ended the last run.
bool shows_effect(JobRecord const& record, Settlement const& settlement) noexcept {
    switch (settlement.kind) {
    case SettleKind::succeeded:
        return record.state == succeeded;
    case SettleKind::retry:
        // By now it may have fallen due; the reason tells it from a release.
        if (record.state == queued) {
            return record.reason == settlement.reason && record.error == settlement.error;
        }
        return record.state == retrying || record.state == cancelled || record.state == failed;
    case SettleKind::failed:
        return record.state == failed;
    case SettleKind::cancelled:
        return record.state == cancelled;
    case SettleKind::released:
        return record.state == queued || record.state == scheduled || record.state == cancelled;
    case SettleKind::note:
        return false;
    }
    return false;
}

void store_failure(JobRecord& record, Settlement& settlement) noexcept {
    record.reason = settlement.reason;
    record.error = std::move(settlement.error);
}

void settle_retry(JobRecord& record, Settlement& settlement, Instant now) {
    count(record.counters.failures);
    store_failure(record, settlement);
    if (record.cancel_requested) return finish(record, cancelled, now);
    if (record.counters.failures > record.policy.max_retries) return finish(record, failed, now);
    record.state = retrying;
    record.due = add(now, std::max(settlement.delay, Duration{0}));
}

void settle_released(JobRecord& record, Settlement const& settlement, Instant now) {
    count(record.counters.released);
    if (record.cancel_requested) return finish(record, cancelled, now);
    record.state = queued;
    if (settlement.delay <= Duration{0}) return;  // it keeps its place
    record.state = scheduled;
    record.due = add(now, settlement.delay);
}

}  // namespace

std::string_view to_string(SettleKind kind) noexcept {
    switch (kind) {
    case SettleKind::succeeded:
        return "succeeded";
    case SettleKind::retry:
        return "retry";
    case SettleKind::failed:
        return "failed";
    case SettleKind::cancelled:
        return "cancelled";
    case SettleKind::released:
        return "released";
    case SettleKind::note:
        return "note";
    }
    return "unknown";
}

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
    case Verdict::accepted:
        return "accepted";
    case Verdict::fenced:
        return "fenced";
    case Verdict::gone:
        return "gone";
    }
    return "unknown";
}

JobRecord make_record(NewJob&& job, Instant now) {
    JobRecord record;
    record.created = now;
    record.due = job.eta.value_or(add(now, job.delay));
    record.expires = job.expires ? add(now, *job.expires) : never;
    record.state = record.due > now ? scheduled : queued;
    static_cast<JobSpec&>(record) = std::move(static_cast<JobSpec&>(job));
    return record;
}

bool fall_due(JobRecord& record, Instant now) noexcept {
    bool const waits = record.state == scheduled || record.state == retrying;
    if (!waits || record.due > now) return false;
    record.state = queued;
    return true;
}

void claim(JobRecord& record, Token token, Instant now) {
    count(record.counters.attempt);
    record.state = running;
    record.started = now;
    record.token = std::move(token);
    // It has started in time: a later run, after a failure or a shutdown, must not be refused for being late.
    record.expires = never;
}

Verdict settle(JobRecord& record, Settlement&& settlement, Instant now) {
    if (record.token != settlement.token) return Verdict::fenced;
    if (record.state != running) {
        // The same report once more, because its answer was lost.
        return shows_effect(record, settlement) ? Verdict::accepted : Verdict::fenced;
    }
    switch (settlement.kind) {
    case SettleKind::succeeded:
        record.result = std::move(settlement.result);
        record.reason = FailReason::none;
        record.error.clear();
        finish(record, succeeded, now);
        break;
    case SettleKind::retry:
        settle_retry(record, settlement, now);
        break;
    case SettleKind::failed:
        if (settlement.reason == FailReason::exception || settlement.reason == FailReason::timeout) {
            count(record.counters.failures);
        }
        store_failure(record, settlement);
        finish(record, failed, now);
        break;
    case SettleKind::cancelled:
        finish(record, cancelled, now);
        break;
    case SettleKind::released:
        settle_released(record, settlement, now);
        break;
    case SettleKind::note:
        record.note = std::move(settlement.result);
        break;
    }
    return Verdict::accepted;
}

void lose(JobRecord& record, Instant now) {
    // Unlike after a settlement, nothing that this token still reports may be taken for a repeat.
    record.token.reset();
    if (record.cancel_requested) return finish(record, cancelled, now);

    count(record.counters.lost);
    std::uint32_t const lost = record.counters.lost;
    record.reason = FailReason::worker_lost;
    record.error = "its worker was lost " +
                   (lost == 1 ? std::string{"once"} : std::to_string(lost) + " times") +
                   "; the limit is max_lost = " + std::to_string(record.policy.max_lost);
    if (lost > record.policy.max_lost) return finish(record, failed, now);
    auto const pause = pause_after_loss(lost);
    if (pause == 0s) {
        record.state = queued;  // due as before: it keeps its place, in front of those that came after it
        return;
    }
    record.state = retrying;
    record.due = add(now, pause);
}

bool cancel(JobRecord& record, Instant now) {
    if (is_terminal(record.state)) return false;
    if (record.state == running) {
        record.cancel_requested = true;
    } else {
        finish(record, cancelled, now);
    }
    return true;
}

bool expire(JobRecord& record, Instant now) {
    bool const waits = record.state == scheduled || record.state == queued;
    if (!waits || now <= record.expires) return false;
    finish(record, expired, now);
    return true;
}

bool requeue(JobRecord& record, Instant now) {
    if (!is_legal(record.state, Event::requeue)) return false;
    record.state = queued;
    count(record.generation);
    record.counters = {};
    record.cancel_requested = false;
    record.due = now;
    record.expires = never;
    record.started.reset();
    record.finished.reset();
    record.token.reset();
    record.reason = FailReason::none;
    record.error.clear();
    record.result.clear();
    record.note.clear();
    return true;
}

Instant forget_at(JobRecord const& record) noexcept {
    if (!is_terminal(record.state)) return never;
    bool const good = record.state == succeeded;
    // A terminal record without its time is damaged; it is kept for the longest from when it was made.
    Instant const end = record.finished.value_or(record.created);
    return add(end, good ? record.policy.keep_result : record.policy.keep_error);
}

}  // namespace cohort
