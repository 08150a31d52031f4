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

// read_asked() takes them in this order ...
constexpr std::string_view asked_columns =
    "j.seq, j.queue, j.id, j.created, j.due, j.expires, j.priority, j.name, j.version, j.unique_key, "
    "j.client, "
    "j.sender, j.max_retries, j.max_lost, j.timeout, j.backoff, j.keep_result, j.keep_error, j.arguments, "
    "j.record_version";
// ... read_past() these ...
constexpr std::string_view past_columns = ", p.due, p.attempt, p.failures, p.lost, p.released, p.generation, "
                                          "p.reason, p.incarnation, p.claim_no, p.started, "
                                          "p.error, p.note";
constexpr int first_past = 20;
// ... and read_place() these.
constexpr std::string_view place_columns = ", n.attempt, n.incarnation, n.claim_no, n.started, "
                                           "n.cancel_requested, l.state, e.state, e.attempt, e.incarnation, "
                                           "e.claim_no, e.started, e.finished, e.result";
constexpr int first_place = first_past + 12;

// Hand-written rows may hold anything.
template<class T>
T number(std::int64_t value) noexcept {
    if (value < 0) return 0;
    auto const positive = static_cast<std::uint64_t>(value);
    return static_cast<T>(std::min<std::uint64_t>(positive, std::numeric_limits<T>::max()));
}

Duration span(Statement const& s, int column) noexcept {
    constexpr Duration longest = std::chrono::years{10'000};
    return std::clamp(Duration{s.integer(column)}, Duration{0}, longest);
}

std::optional<Instant> instant_if_any(Statement const& s, int column) {
    if (s.is_null(column)) return std::nullopt;
    return s.instant(column);
}

std::optional<Token> token_if_any(Statement const& s, int column) {
    if (s.is_null(column)) return std::nullopt;
    return Token{s.string(column), number<std::uint64_t>(s.integer(column + 1))};
}

void read_asked(Statement const& s, Row& row) {
    JobRecord& record = row.record;
    int at = 0;
    row.seq = s.integer(at++);
    row.queue = s.integer(at++);
    record.ref.id = s.text(at++);
    record.created = s.instant(at++);
    row.first_due = row.due = record.due = s.instant(at++);
    record.expires = instant_if_any(s, at++).value_or(never);
    record.priority = static_cast<std::int32_t>(std::clamp<std::int64_t>(s.integer(at++), -100, 100));
    record.name = s.text(at++);
    record.version = number<std::uint32_t>(s.integer(at++));
    record.unique = s.text(at++);
    record.client = s.text(at++);
    record.sender = s.text(at++);
    record.policy.max_retries = number<std::uint32_t>(s.integer(at++));
    record.policy.max_lost = number<std::uint32_t>(s.integer(at++));
    record.policy.timeout = span(s, at++);
    if (!s.is_null(at)) record.policy.backoff = parse_backoff(s.text(at));
    ++at;
    record.policy.keep_result = span(s, at++);
    record.policy.keep_error = span(s, at++);
    record.arguments = s.text(at++);
    row.is_newer = s.integer(at) > record_version;
}

void read_past(Statement const& s, Row& row) {
    int at = first_past;
    row.has_past = !s.is_null(at);
    if (!row.has_past) return;
    JobRecord& record = row.record;
    row.due = record.due = s.instant(at++);
    record.counters.attempt = number<std::uint32_t>(s.integer(at++));
    record.counters.failures = number<std::uint32_t>(s.integer(at++));
    record.counters.lost = number<std::uint32_t>(s.integer(at++));
    record.counters.released = number<std::uint32_t>(s.integer(at++));
    record.generation = number<std::uint32_t>(s.integer(at++));
    record.reason = reason_of(s.integer(at++));
    record.token = token_if_any(s, at);
    at += 2;
    record.started = instant_if_any(s, at++);
    record.error = s.text(at++);
    record.note = s.text(at++);
}

void read_place(Statement const& s, Row& row) {
    JobRecord& record = row.record;
    int const running = first_place;
    int const later = running + 5;
    int const ended = later + 1;
    if (!s.is_null(running)) {
        record.state = JobState::running;
        record.counters.attempt = number<std::uint32_t>(s.integer(running));
        record.token = token_if_any(s, running + 1);
        record.started = instant_if_any(s, running + 3);
        record.cancel_requested = s.integer(running + 4) != 0;
    } else if (!s.is_null(ended)) {
        record.state = ended_state(s, ended);
        if (static_cast<std::int64_t>(record.state) != s.integer(ended)) {
            record.reason = FailReason::corrupt_state;
            record.error =
                "its record has the state " + std::to_string(s.integer(ended)) + ", which does not exist";
        }
        record.counters.attempt = number<std::uint32_t>(s.integer(ended + 1));
        record.token = token_if_any(s, ended + 2);
        record.started = instant_if_any(s, ended + 4);
        record.finished = instant_if_any(s, ended + 5);
        record.result = s.text(ended + 6);
    } else if (!s.is_null(later)) {
        record.state = s.integer(later) == static_cast<int>(JobState::retrying) ? JobState::retrying
                                                                                : JobState::scheduled;
    } else {
        record.state = JobState::queued;
    }
}

// It is about the first start: one that has begun, or that an operator sent back, does not expire.
void finish_reading(Row& row) {
    if (row.record.counters.attempt > 0 || row.record.generation > 0) row.record.expires = never;
    row.expires = row.record.expires;
}

}  // namespace

FailReason reason_of(std::int64_t value) noexcept {
    bool const known = value >= 0 && value <= static_cast<std::int64_t>(FailReason::corrupt_state);
    return known ? static_cast<FailReason>(value) : FailReason::corrupt_state;
}

JobState ended_state(Statement const& s, int column) noexcept {
    auto const value = s.integer(column);
    bool const known =
        value >= static_cast<int>(JobState::succeeded) && value <= static_cast<int>(JobState::expired);
    return known ? static_cast<JobState>(value) : JobState::failed;
}

std::string select_rows(std::string_view from) {
    // CROSS JOIN and LEFT JOIN: in this order, whatever the planner believes about the tables' sizes.
    std::string sql = "SELECT " + std::string{asked_columns} + std::string{past_columns} +
                      std::string{place_columns} + " FROM " + std::string{from} +
                      " LEFT JOIN jobs_past p ON p.seq = j.seq";
    if (from.find("jobs_running n") == from.npos) sql += " LEFT JOIN jobs_running n ON n.seq = j.seq";
    return sql + " LEFT JOIN jobs_ended e ON e.seq = j.seq "
                 "LEFT JOIN jobs_later l ON l.queue = j.queue AND l.due = coalesce(p.due, j.due) AND l.seq = "
                 "j.seq ";
}

Row read_row(Statement const& s) {
    Row row;
    read_asked(s, row);
    read_past(s, row);
    read_place(s, row);
    finish_reading(row);
    return row;
}

std::string select_ready_rows() {
    return "SELECT " + std::string{asked_columns} + std::string{past_columns} +
           " FROM jobs_ready r CROSS JOIN jobs j ON j.seq = r.seq LEFT JOIN jobs_past p ON p.seq = r.seq ";
}

Row read_ready_row(Statement const& s) {
    Row row;
    read_asked(s, row);
    read_past(s, row);
    finish_reading(row);
    return row;
}

bool needs_past(Row const& row) noexcept {
    JobRecord const& record = row.record;
    bool const waits_again = !is_terminal(record.state) && record.state != JobState::running &&
                             (record.counters.attempt > 0 || record.token || record.started);
    return waits_again || record.due != row.first_due || record.counters.failures > 0 ||
           record.counters.lost > 0 || record.counters.released > 0 || record.generation > 0 ||
           record.reason != FailReason::none || !record.error.empty() || !record.note.empty();
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

}  // namespace cohort::sqlite
