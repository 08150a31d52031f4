// SPDX-License-Identifier: MIT
#include "sqlite/row.hpp"

#include <cohort/error.hpp>
#include <cohort/state.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <system_error>

namespace cohort::sqlite {
namespace {

constexpr std::array columns = {"seq",
                                "queue",
                                "id",
                                "state",
                                "priority",
                                "due",
                                "attempt",
                                "incarnation",
                                "claim_no",
                                "started",
                                "finished",
                                "expires",
                                "cancel_requested",
                                "failures",
                                "lost",
                                "released",
                                "generation",
                                "reason",
                                "created",
                                "name",
                                "version",
                                "unique_key",
                                "client",
                                "sender",
                                "max_retries",
                                "max_lost",
                                "timeout",
                                "backoff",
                                "keep_result",
                                "keep_error",
                                "arguments",
                                "note",
                                "error",
                                "result",
                                "record_version"};

std::optional<Instant> finite(Instant at) noexcept {
    if (at == never) return std::nullopt;
    return at;
}

// Hand-written rows may hold anything.
template<class T>
T number(std::int64_t value) noexcept {
    if (value < 0) return 0;
    auto const positive = static_cast<std::uint64_t>(value);
    return static_cast<T>(std::min<std::uint64_t>(positive, std::numeric_limits<T>::max()));
}

JobState state_of(std::int64_t value) noexcept {
    return value >= 0 && value < static_cast<std::int64_t>(std::size(all_states))
               ? static_cast<JobState>(value)
               : JobState::failed;
}

FailReason reason_of(std::int64_t value) noexcept {
    bool const known = value >= 0 && value <= static_cast<std::int64_t>(FailReason::corrupt_state);
    return known ? static_cast<FailReason>(value) : FailReason::corrupt_state;
}

}  // namespace

std::string row_columns(std::string_view prefix) {
    std::string out;
    for (auto const* column : columns) {
        if (!out.empty()) out += ", ";
        out += prefix;
        out += column;
    }
    return out;
}

Row read_row(Statement const& s) {
    Row row;
    JobRecord& record = row.record;
    int at = 0;
    row.seq = s.integer(at++);
    row.queue = s.integer(at++);
    record.ref.id = s.text(at++);
    record.state = state_of(s.integer(at++));
    record.priority = static_cast<std::int32_t>(s.integer(at++));
    record.due = s.instant(at++);
    record.counters.attempt = number<std::uint32_t>(s.integer(at++));
    if (!s.is_null(at)) record.token = Token{s.string(at), number<std::uint64_t>(s.integer(at + 1))};
    at += 2;
    if (!s.is_null(at)) record.started = s.instant(at);
    ++at;
    if (!s.is_null(at)) record.finished = s.instant(at);
    ++at;
    if (!s.is_null(at)) record.expires = s.instant(at);
    ++at;
    record.cancel_requested = s.integer(at++) != 0;
    record.counters.failures = number<std::uint32_t>(s.integer(at++));
    record.counters.lost = number<std::uint32_t>(s.integer(at++));
    record.counters.released = number<std::uint32_t>(s.integer(at++));
    record.generation = number<std::uint32_t>(s.integer(at++));
    record.reason = reason_of(s.integer(at++));
    record.created = s.instant(at++);
    record.name = s.text(at++);
    record.version = number<std::uint32_t>(s.integer(at++));
    record.unique = s.text(at++);
    record.client = s.text(at++);
    record.sender = s.text(at++);
    record.policy.max_retries = number<std::uint32_t>(s.integer(at++));
    record.policy.max_lost = number<std::uint32_t>(s.integer(at++));
    record.policy.timeout = Duration{s.integer(at++)};
    if (!s.is_null(at)) record.policy.backoff = parse_backoff(s.text(at));
    ++at;
    record.policy.keep_result = Duration{s.integer(at++)};
    record.policy.keep_error = Duration{s.integer(at++)};
    record.arguments = s.text(at++);
    record.note = s.text(at++);
    record.error = s.text(at++);
    record.result = s.text(at++);
    if (s.integer(at) > record_version) {
        throw Error{errc::bad_envelope, "the record of job \"" + record.ref.id + "\" has version " +
                                            std::to_string(s.integer(at)) +
                                            ", and this program reads them up to " +
                                            std::to_string(record_version) + "; use a newer Cohort"};
    }
    return row;
}

std::optional<Instant> alarm_of(JobRecord const& record) noexcept {
    switch (record.state) {
    case JobState::scheduled:
        return std::min(record.due, record.expires);
    case JobState::retrying:
        return record.due;
    case JobState::queued:
        return finite(record.expires);
    case JobState::running:
        return std::nullopt;
    default:  // never, too: so every ended job is in the index
        return forget_at(record);
    }
}

std::string format_backoff(Backoff const& backoff) {
    if (backoff == Backoff{}) return {};
    std::array<char, 32> factor{};
    auto const [end, fault] = std::to_chars(factor.data(), factor.data() + factor.size(), backoff.factor);
    return std::to_string(backoff.initial.count()) + " " + std::string(factor.data(), end) + " " +
           std::to_string(backoff.max.count()) + (backoff.jitter ? " 1" : " 0");
}

Backoff parse_backoff(std::string_view text) noexcept {
    Backoff backoff;
    auto const* at = text.data();
    auto const* const end = at + text.size();
    auto next = [&](auto& value) {
        while (at != end && *at == ' ')
            ++at;
        auto const [rest, fault] = std::from_chars(at, end, value);
        at = rest;
        return fault == std::errc{};
    };
    std::int64_t initial = 0;
    std::int64_t max = 0;
    double factor = 0;
    int jitter = 0;
    if (!next(initial) || !next(factor) || !next(max) || !next(jitter)) return {};
    backoff.initial = Duration{initial};
    backoff.factor = factor;
    backoff.max = Duration{max};
    backoff.jitter = jitter != 0;
    return backoff;
}

std::string_view changing_columns() noexcept {
    return "state = ?, alarm = ?, due = ?, attempt = ?, incarnation = ?, claim_no = ?, started = ?, finished "
           "= ?, "
           "expires = ?, cancel_requested = ?, failures = ?, lost = ?, released = ?, generation = ?, reason "
           "= ?, "
           "note = ?, error = ?, result = ?";
}

void bind_changing(Statement& s, JobRecord const& record) {
    s.bind(static_cast<std::int64_t>(record.state)).bind(alarm_of(record)).bind(record.due);
    s.bind(record.counters.attempt);
    if (record.token) {
        s.bind(std::string_view{record.token->incarnation})
            .bind(static_cast<std::int64_t>(record.token->claim));
    } else {
        s.bind_null().bind_null();
    }
    s.bind(record.started).bind(record.finished).bind(finite(record.expires));
    s.bind(std::int64_t{record.cancel_requested});
    s.bind(record.counters.failures)
        .bind(record.counters.lost)
        .bind(record.counters.released)
        .bind(record.generation);
    s.bind(static_cast<std::int64_t>(record.reason));
    s.bind_text_or_null(record.note).bind_text_or_null(record.error).bind_text_or_null(record.result);
}

}  // namespace cohort::sqlite
