// SPDX-License-Identifier: MIT
// The table of legal transitions: T1 to T16, one line for each pair of states.
#include <cohort/state.hpp>

#include <algorithm>
#include <array>

namespace cohort {
namespace {

constexpr auto none = std::optional<JobState>{};
using enum JobState;

// What several rows of one event share.
struct Rule {
    int row;
    Event event;
    std::string_view who;
    std::string_view guard;
    std::string_view effect;
};

constexpr Rule push_rule{1, Event::push, "client", "id and unique key are free",
                         "unique key taken; created, due and expires set"};
constexpr Rule fall_due_rule{2, Event::fall_due, "any worker", "now >= due", "may be claimed"};
constexpr Rule claim_rule{3, Event::claim, "worker", "enlisted; queue not paused; due; not expired",
                          "attempt+1, started, a token never used before; expires = never"};
constexpr Rule renew_rule{4, Event::renew, "owner", "incarnation enlisted",
                          "lease extended; reply carries cancel_requested"};
constexpr Rule succeed_rule{5, Event::succeed, "owner", "token equal",
                            "result stored, error cleared, unique key free, client told"};
constexpr Rule retry_rule{6, Event::retry, "owner",
                          "token equal; failures < max_retries; not cancel_requested",
                          "failures+1, reason and error stored, due = now + pause"};
constexpr Rule fail_rule{
    7, Event::fail, "owner", "token equal",
    "failures+1 if exception or timeout; reason and error stored; unique key free, client told"};
constexpr Rule release_rule{8, Event::release, "owner, at shutdown", "token equal; not cancel_requested",
                            "released+1; due as before, or now + pause"};
constexpr Rule lose_rule{9, Event::lose, "upkeep",
                         "incarnation retired, token unchanged; lost < max_lost; not cancel_requested",
                         "lost+1, token removed; due as before the first time, then now + a growing pause"};
constexpr Rule lose_for_good_rule{
    10, Event::lose_for_good, "upkeep",
    "incarnation retired, token unchanged; lost = max_lost; not cancel_requested",
    "lost+1, token removed, reason worker_lost; unique key free, client told"};
constexpr Rule stop_rule{11, Event::stop, "owner, or upkeep when the owner is lost",
                         "token equal, or incarnation retired and cancel_requested",
                         "unique key free, client told"};
constexpr Rule cancel_rule{12, Event::cancel, "client, operator", "state as read",
                           "unique key free, client told"};
constexpr Rule request_cancel_rule{13, Event::request_cancel, "client, operator", "state as read",
                                   "cancel_requested"};
constexpr Rule expire_rule{14, Event::expire, "any worker", "now > expires", "unique key free, client told"};
constexpr Rule requeue_rule{
    15, Event::requeue, "operator", "generation as read; unique key is free",
    "generation+1, counters 0, traces of the old runs cleared; due = now, expires = never"};
constexpr Rule forget_rule{16, Event::forget, "any worker, client",
                           "retention has ended, or too much is kept, or a client has asked",
                           "record and result removed"};

constexpr Transition row(Rule const& rule, std::optional<JobState> from, std::optional<JobState> to) {
    return {rule.row, rule.event, from, to, rule.who, rule.guard, rule.effect};
}

constexpr std::array table{
    row(push_rule, none, queued),
    row(push_rule, none, scheduled),
    row(fall_due_rule, scheduled, queued),
    row(fall_due_rule, retrying, queued),
    row(claim_rule, queued, running),
    row(renew_rule, running, running),
    row(succeed_rule, running, succeeded),
    row(retry_rule, running, retrying),
    row(fail_rule, running, failed),
    row(release_rule, running, queued),
    row(release_rule, running, scheduled),
    row(lose_rule, running, queued),
    row(lose_rule, running, retrying),
    row(lose_for_good_rule, running, failed),
    row(stop_rule, running, cancelled),
    row(cancel_rule, scheduled, cancelled),
    row(cancel_rule, queued, cancelled),
    row(cancel_rule, retrying, cancelled),
    row(request_cancel_rule, running, running),
    row(expire_rule, scheduled, expired),
    row(expire_rule, queued, expired),
    row(requeue_rule, failed, queued),
    row(requeue_rule, cancelled, queued),
    row(requeue_rule, expired, queued),
    row(forget_rule, succeeded, none),
    row(forget_rule, failed, none),
    row(forget_rule, cancelled, none),
    row(forget_rule, expired, none),
};

}  // namespace

std::string_view to_string(Event event) noexcept {
    switch (event) {
    case Event::push:
        return "push";
    case Event::fall_due:
        return "fall_due";
    case Event::claim:
        return "claim";
    case Event::renew:
        return "renew";
    case Event::succeed:
        return "succeed";
    case Event::retry:
        return "retry";
    case Event::fail:
        return "fail";
    case Event::release:
        return "release";
    case Event::lose:
        return "lose";
    case Event::lose_for_good:
        return "lose_for_good";
    case Event::stop:
        return "stop";
    case Event::cancel:
        return "cancel";
    case Event::request_cancel:
        return "request_cancel";
    case Event::expire:
        return "expire";
    case Event::requeue:
        return "requeue";
    case Event::forget:
        return "forget";
    }
    return "unknown";
}

std::span<Transition const> transitions() noexcept {
    return table;
}

bool is_legal(std::optional<JobState> from, Event event) noexcept {
    return std::ranges::any_of(table,
                               [&](Transition const& t) { return t.from == from && t.event == event; });
}

}  // namespace cohort
