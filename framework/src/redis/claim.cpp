// SPDX-License-Identifier: MIT
#include "redis/bytes.hpp"
#include "redis/intake.hpp"
#include "redis/record.hpp"
#include "redis/verbs.hpp"
#include "redis/waiting.hpp"

#include <cohort/id.hpp>
#include <cohort/log.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>

namespace cohort::redis {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::uint32_t most_tidied = 1000;
constexpr std::uint32_t most_claimed = 1000;

void check(ClaimParams const& params) {
    if (params.limit == 0) throw Error{errc::invalid_config, "a claim with a limit of 0"};
    if (params.number == 0) throw Error{errc::invalid_config, "the number of a claim is 1 or more"};
    if (params.incarnation.empty()) throw Error{errc::invalid_config, "a claim names its incarnation"};
    if (params.queues.empty()) throw Error{errc::invalid_queue_name, "a claim names at least one queue"};
    for (auto const& name : params.queues)
        check_queue_name(name);
}

// One look at all queues.
struct Round {
    ClaimReply reply;
    bool is_repeat = false;
    bool has_more = false;               // or a queue was not looked at
    std::vector<Settlement> unreadable;  // given, and of use to nobody
    std::exception_ptr error;            // after some jobs were given: the reply counts
};

constexpr std::int64_t more = -2;  // see claim.lua

// Something may have been given to this claim before, by an answer that was lost.
enum class Past : std::uint8_t { none, unknown };

enum class Inbox : std::uint8_t { not_seen, seen };

Call claim_call(Core const& core, ClaimParams const& params, std::string const& queue, std::uint32_t limit,
                Inbox inbox) {
    auto keys = core.keys(queue).list({"jobs", "list", "prio", "due", "expires", "running", "beats", "held",
                                       "meta", "ghosts", "wake", "in"});
    return Call{claim_script,
                Effect::write,
                std::move(keys),
                {core.time_of_test(), params.incarnation, std::to_string(params.number),
                 ByteWriter{}.number(params.number).take(), std::to_string(limit),
                 inbox == Inbox::seen ? "1" : "0"}};
}

// A record that cannot be read must not cost the others of its claim.
void add_given(Round& round, ClaimParams const& params, JobRef const& ref, View record, auto decode) {
    if (record.is_nil()) return;
    try {
        round.reply.jobs.push_back(decode());
    } catch (Error const& error) {
        log(LogLevel::error, one_line("job " + to_string(ref) + " cannot be given: " + error.what()));
        auto& settlement = round.unreadable.emplace_back();
        settlement.ref = ref;
        settlement.token = Token{params.incarnation, params.number};
        settlement.kind = SettleKind::failed;
        settlement.reason = FailReason::corrupt_state;
        settlement.error = error.detail();
    }
}

void take_rest(Round& round, std::int64_t rest) {
    round.has_more = round.has_more || rest == more;
    if (rest < 0) return;
    auto& next = round.reply.next_due;
    next = next ? std::min(*next, Duration{rest}) : Duration{rest};
}

void take_answer(Round& round, ClaimParams const& params, std::string const& queue, View answer) {
    auto const kind = answer[0].text();
    if (kind == "retired") {
        round.reply.retired = true;
    } else if (kind == "none") {
        take_rest(round, answer[1].integer());
    } else if (kind == "given" || kind == "repeat") {
        bool const is_repeat = kind == "repeat";
        round.is_repeat = round.is_repeat || is_repeat;
        for (std::size_t i = 0; i < answer[1].size(); ++i) {
            JobRef const ref{queue, std::string{answer[1][i].text()}};
            View const record = answer[2][i];
            add_given(round, params, ref, record, [&] {
                if (is_repeat) return decode_run(ref, record.text(), answer[3][i].text());
                return decode_claimed(ref, record.text(), answer[3].text(),
                                      Token{params.incarnation, params.number});
            });
        }
        if (!is_repeat) take_rest(round, answer[4].integer());
    }
}

// Asks one queue, and first makes what has fallen due claimable where that is needed. `known`: what it has
// answered already.
awaitable<void> look_at(CorePtr core, ClaimParams const& params, std::string const& queue,
                        std::uint32_t limit, Round& round, std::optional<Outcome> known = std::nullopt) {
    Inbox inbox = Inbox::not_seen;
    for (;;) {
        if (!known) {
            std::vector<Call> calls;
            calls.push_back(claim_call(*core, params, queue, limit, inbox));
            auto outcomes = co_await ask_all(core->commands(), core->config, std::move(calls));
            known = std::move(outcomes.front());
        }
        Outcome const outcome = *std::exchange(known, std::nullopt);
        round.error = outcome.error();
        if (round.error) co_return;
        View const answer = outcome.get();
        auto const kind = answer[0].text();
        try {
            if (kind == "intake") {
                inbox = Inbox::seen;
                co_await take_in(core, queue, limit);
            } else if (kind == "tidy") {
                Call tidying = whole_queue_call(*core, tidy_script, queue, {std::to_string(most_tidied)});
                co_await ask(core->commands(), core->config, std::move(tidying));
            } else {
                take_answer(round, params, queue, answer);
                auto unreadable = std::exchange(round.unreadable, {});
                if (!unreadable.empty()) co_await settle(core, std::move(unreadable));
                co_return;
            }
        } catch (...) {
            round.error = std::current_exception();
        }
        if (round.error) co_return;
    }
}

awaitable<Round> look(CorePtr core, ClaimParams const& params, Past past, std::optional<Outcome> known) {
    Round round;
    // What this number was given before comes first: it counts towards the limit.
    std::vector<std::string> fresh;
    for (auto const& queue : params.queues) {
        bool const was_repeat = std::exchange(round.is_repeat, false);
        if (past == Past::unknown) co_await look_at(core, params, queue, 0, round);
        if (!round.is_repeat) fresh.push_back(queue);
        round.is_repeat = round.is_repeat || was_repeat;
        if (round.error) break;
    }
    // In a cluster the next queue may be on a node that is well.
    bool const goes_on = core->commands()->slots() != nullptr;
    std::exception_ptr first;
    for (auto const& queue : fresh) {
        auto const have = round.reply.jobs.size();
        if (round.error && !first) first = round.error;
        if (have >= params.limit || round.reply.retired || (round.error && !goes_on)) {
            round.has_more = true;
            break;
        }
        auto const limit = std::min<std::size_t>(params.limit - have, most_claimed);
        co_await look_at(core, params, queue, static_cast<std::uint32_t>(limit), round,
                         std::exchange(known, std::nullopt));
    }
    if (first) round.error = first;
    round.has_more = round.has_more || round.is_repeat || round.error;
    // A test's clock goes on without us.
    if (!round.has_more && core->config.clock == &system_clock()) {
        auto const rest = std::min(round.reply.next_due.value_or(core->config.poll), core->config.poll);
        core->note_rest(params.incarnation, params.queues, Steady::now() + rest);
    }
    if (!round.reply.jobs.empty() || round.is_repeat) round.reply.next_due.reset();
    co_return round;
}

// The look that the server takes for us the moment a wait ends: it saves the way there and back. Where its
// answer is lost, the next with its number is given the same. Where there are several queues, what one gives
// decides on what the next is asked for.
std::optional<Call> look_behind(Core const& core, ClaimParams const& params, Past past) {
    if (past == Past::unknown || params.queues.size() != 1) return std::nullopt;
    auto const limit = std::min(params.limit, most_claimed);
    return claim_call(core, params, params.queues.front(), limit, Inbox::not_seen);
}

// A wait, if there is a span for it, and the look behind it. One that has taken jobs ends with them, also
// where it was cancelled meanwhile.
awaitable<Round> look_whole(CorePtr core, ClaimParams const& params, Past past, Duration span) {
    bool const throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    Round round;
    try {
        std::optional<Outcome> known;
        if (span > 0s) {
            auto then = look_behind(*core, params, past);
            known = co_await wait_for_work(core, params.queues, span, std::move(then));
        }
        round = co_await look(core, params, past, std::move(known));
    } catch (...) {
        round.error = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(throws);
    if (round.error && round.reply.jobs.empty()) std::rethrow_exception(round.error);
    co_return round;
}

void check_enlisted(Core const& core, ClaimParams const& params) {
    auto const enlisted = core.enlisted(params.incarnation);
    if (enlisted.empty()) return;  // somewhere else, or nowhere: the server knows
    for (auto const& queue : params.queues) {
        if (std::find(enlisted.begin(), enlisted.end(), queue) == enlisted.end())
            throw Error{errc::invalid_queue_name, "the worker is not enlisted on queue " + queue};
    }
}

std::vector<std::string> distinct(std::vector<std::string> names) {
    std::vector<std::string> result;
    for (auto& name : names) {
        if (std::find(result.begin(), result.end(), name) == result.end()) result.push_back(std::move(name));
    }
    return result;
}

}  // namespace

awaitable<ClaimReply> claim(CorePtr core, ClaimParams params) {
    check(params);
    core->check_open();
    check_enlisted(*core, params);
    params.queues = distinct(std::move(params.queues));
    auto const until = Steady::now() + std::min<Duration>(params.wait, 24h * 365);
    bool const is_first = core->is_first_time(params.incarnation, params.number);
    Past past = is_first ? Past::none : Past::unknown;
    // Where the claim before has left nothing behind there is a marker if there is something now.
    auto const rest = core->take_rest(params.incarnation, params.queues);
    Duration span = std::min(rest.value_or(0s), params.wait);
    for (;;) {
        Round round = co_await look_whole(core, params, past, span);
        past = Past::none;
        if (round.reply.retired) {
            // On one queue is everywhere: nothing more is given to it, and what it had is somebody else's.
            round.reply.jobs.clear();
            co_await end_life(core, params.incarnation, params.queues, Farewell::lost);
        }
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        bool const is_answer =
            !round.reply.jobs.empty() || round.is_repeat || round.reply.retired || left <= 0s;
        if (is_answer) co_return std::move(round.reply);
        span = std::min({left, core->config.poll, round.reply.next_due.value_or(Duration::max())});
    }
}

}  // namespace cohort::redis
