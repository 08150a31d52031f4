// SPDX-License-Identifier: MIT
#include "rabbitmq/consume.hpp"
#include "rabbitmq/patience.hpp"
#include "rabbitmq/shares.hpp"
#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/id.hpp>
#include <cohort/log.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>

namespace cohort::rabbitmq {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

// Where there are fewer free slots than queues, each is looked at so often.
constexpr Duration turn = 100ms;

void check(ClaimParams const& params) {
    if (params.limit == 0) throw Error{errc::invalid_config, "a claim with a limit of 0"};
    if (params.number == 0) throw Error{errc::invalid_config, "the number of a claim is 1 or more"};
    if (params.incarnation.empty()) throw Error{errc::invalid_config, "a claim names its incarnation"};
    if (params.queues.empty()) throw Error{errc::invalid_queue_name, "a claim names at least one queue"};
    for (auto const& name : params.queues)
        check_queue_name(name);
}

void check_enlisted(Life const& life, ClaimParams const& params) {
    auto const& enlisted = life.worker.queues;
    for (auto const& queue : params.queues) {
        if (std::find(enlisted.begin(), enlisted.end(), queue) == enlisted.end())
            throw Error{errc::invalid_queue_name, "the worker is not enlisted on queue " + queue};
    }
}

// One claim of one life.
struct Claim {
    EnginePtr engine;
    LifePtr life;
    ClaimParams params;
    std::vector<std::string> lines;  // that may give
    ClaimReply reply;
    StopPtr stop;
    std::vector<Replacement> unfit;  // deliveries that are not to run
    std::size_t first = 0;           // of the lines, when shares are dealt out
    Steady::time_point begun = Steady::now();

    std::uint32_t missing() const noexcept {
        auto const have = static_cast<std::uint32_t>(reply.jobs.size());
        return have >= params.limit ? 0 : params.limit - have;
    }
};

// Gives a delivery to the claim, or says what else becomes of it.
void accept(Claim& claim, std::string_view line, Delivery delivery) {
    Life& life = *claim.life;
    auto const tag = delivery.tag;
    std::string const consumer = delivery.consumer;
    Instant const now = claim.engine->config.clock->now();
    Delivered delivered = decode_job(std::move(delivery), line, now);
    JobRecord& job = delivered.job;
    auto const end_as = [&](FailReason reason, std::string error) {
        job.state = JobState::failed;
        job.reason = reason;
        job.error = std::move(error);
        job.finished = now;
        claim.unfit.push_back({std::move(job), 0s, tag});
        life.returned(consumer);
    };
    if (!delivered.fault.empty()) {
        end_as(FailReason::bad_payload, std::move(delivered.fault));
    } else if (expire(job, now)) {
        claim.unfit.push_back({std::move(job), 0s, tag});
        life.returned(consumer);
    } else if (delivered.rest > 0s) {
        claim.unfit.push_back({std::move(job), delivered.rest, tag});
        life.returned(consumer);
    } else if (job.counters.lost > job.policy.max_lost) {
        end_as(FailReason::worker_lost, "its worker died " + std::to_string(job.counters.lost) + " times");
    } else if (Duration const pause = pause_after_loss(job.counters.lost);
               delivered.came_back > 0 && pause > 0s) {
        // A job that kills its workers must not do so at full speed.
        claim.unfit.push_back({std::move(job), pause, tag});
        life.returned(consumer);
    } else if (life.runs.contains(job.ref)) {
        // The same job, stored twice: one of them is enough for this worker.
        claim.unfit.push_back({std::move(job), turn, tag});
        life.returned(consumer);
    } else {
        cohort::claim(job, Token{claim.params.incarnation, claim.params.number}, now);
        life.gave.insert(job.ref.queue);
        life.runs[job.ref] = Run{job, tag, consumer};
        claim.reply.jobs.push_back(std::move(job));
    }
}

void take_waiting(Claim& claim) {
    Life& life = *claim.life;
    for (auto const& line : claim.lines) {
        for (auto at = life.waiting.begin(); at != life.waiting.end() && claim.missing() > 0;) {
            if (at->line != line) {
                ++at;
                continue;
            }
            Waiting waiting = std::move(*at);
            at = life.waiting.erase(at);
            accept(claim, waiting.line, std::move(waiting.delivery));
        }
    }
}

Wish wish_of(Claim const& claim) {
    return {claim.lines, claim.params.limit, claim.missing(), claim.engine->config.has_priorities,
            std::chrono::duration_cast<Duration>(Steady::now() - claim.begun)};
}

// Asks one queue for as many as no consumer may be given.
awaitable<void> pull(Claim& claim, std::string const& line) {
    Engine const& engine = *claim.engine;
    std::string const name = engine.names.jobs(line);
    bool is_empty = false;
    for (auto room = uncovered(*claim.life, wish_of(claim)); room > 0 && !is_empty;
         room = uncovered(*claim.life, wish_of(claim))) {
        // One more than there are would be asked for nothing; a few are asked for at once.
        constexpr std::uint32_t few = 16;
        std::vector<AnswerPtr> answers;
        amqp_basic_get_t get{};
        get.queue = bytes_of(name);
        for (std::uint32_t i = 0; i < std::min(few, room); ++i)
            answers.push_back(claim.life->channel->ask(AMQP_BASIC_GET_METHOD, &get));
        for (auto const& answer : answers) {
            co_await wait_patiently(claim.engine, claim.life, answer, engine.config.patience());
            is_empty = is_empty || !answer->delivery;
            if (answer->delivery) accept(claim, line, std::move(*answer->delivery));
        }
    }
}

// Slots for which nobody has leave: their jobs are asked for, or come to consumers where these reach all
// lines.
awaitable<void> fill(Claim& claim, bool waits) {
    // Asking a queue that is gone would cost the channel, and with it all that runs.
    for (auto const& line : claim.lines)
        co_await claim.engine->worker_topology.need_line(line);
    for (bool has_asked = false;; has_asked = true) {
        auto const room = uncovered(*claim.life, wish_of(claim));
        auto lines = bare_lines(*claim.life, claim.lines);
        // Where there are priorities, consumers would let the patient in beside the urgent: all are asked
        // first.
        bool const may_consume = waits && (has_asked || !claim.engine->config.has_priorities);
        if (room > 0 && may_consume && room >= lines.size()) {
            if (lines.empty()) lines = claim.lines;
            auto const shares = divide(room, lines.size(), claim.first);
            co_await start_consuming(claim.engine, claim.life, std::move(lines), shares);
            co_return;
        }
        if (has_asked) co_return;
        for (auto const& line : claim.lines)
            co_await pull(claim, line);
        if (!claim.reply.jobs.empty()) co_return;
    }
}

bool is_over(Claim const& claim) {
    if (claim.life->end) std::rethrow_exception(claim.life->end);
    return claim.life->is_over;
}

awaitable<void> drop_unfit(Claim& claim) {
    auto unfit = std::exchange(claim.unfit, {});
    if (unfit.empty()) co_return;
    for (auto const& one : unfit) {
        if (one.record.state == JobState::failed)
            log(LogLevel::error, one_line("job " + to_string(one.record.ref) + ": " + one.record.error));
    }
    co_await put_back(claim.engine, claim.life, std::move(unfit));
}

bool has_waiting(Claim const& claim) {
    auto const& waiting = claim.life->waiting;
    return std::any_of(waiting.begin(), waiting.end(), [&](Waiting const& one) {
        return std::find(claim.lines.begin(), claim.lines.end(), one.line) != claim.lines.end();
    });
}

// Until there is something for it, or its time is over.
awaitable<void> look(Claim& claim, bool may_wait) {
    auto const until = claim.begun + std::min<Duration>(claim.params.wait, 24h * 365);
    bool const waits = may_wait && claim.params.wait > 0s;
    for (;;) {
        if (is_over(claim) || claim.stop->is_asked) co_return;
        take_waiting(claim);
        Plan step = plan(*claim.life, wish_of(claim));
        if (!waits && claim.missing() > 0) step = Plan::renew;
        if (step == Plan::renew) co_await cancel_consumers(claim.engine, claim.life);
        if (step == Plan::shift) co_await cancel_consumers(claim.engine, claim.life, Which::waiting);
        take_waiting(claim);
        // What there is need not wait for the rest.
        bool const fills = step != Plan::wait && (step != Plan::fill || claim.reply.jobs.empty());
        if (fills && !is_over(claim)) co_await fill(claim, waits);
        co_await drop_unfit(claim);
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        if (!claim.reply.jobs.empty() || !waits || left <= 0s || is_over(claim)) co_return;
        ++claim.first;
        bool const is_whole = uncovered(*claim.life, wish_of(claim)) == 0 &&
                              (claim.lines.size() == 1 || bare_lines(*claim.life, claim.lines).empty());
        Duration const span = is_whole ? left : std::min(left, turn);
        if (!has_waiting(claim)) co_await claim.life->wake.wait_for(span);
    }
}

// On its last run the worker has it alone, and may be killed by it: with that, what the server has given
// beside it would be lost as well.
bool has_suspect(Claim const& claim) {
    return std::any_of(claim.reply.jobs.begin(), claim.reply.jobs.end(), [](JobRecord const& job) {
        return job.policy.max_lost > 0 && job.counters.lost >= job.policy.max_lost;
    });
}

bool is_repeat(Claim& claim) {
    Life& life = *claim.life;
    if (claim.params.number != life.last_claim) life.gave.clear();
    life.last_claim = claim.params.number;
    for (auto const& queue : claim.params.queues) {
        if (life.gave.contains(queue)) continue;
        for (auto& line : lines_of(queue, claim.engine->config.has_priorities)) {
            if (std::find(claim.lines.begin(), claim.lines.end(), line) == claim.lines.end())
                claim.lines.push_back(std::move(line));
        }
    }
    if (life.gave.empty()) return false;
    for (auto const& [ref, run] : life.runs) {
        if (run.record.token->claim == claim.params.number) claim.reply.jobs.push_back(run.record);
    }
    return true;
}

}  // namespace

awaitable<ClaimReply> claim(EnginePtr engine, ClaimParams params, StopPtr stop) {
    engine->check_open();
    check(params);
    Claim claim;
    claim.engine = engine;
    claim.life = engine->find(params.incarnation);
    claim.params = std::move(params);
    claim.stop = stop;
    claim.reply.retired = claim.life == nullptr;
    if (!claim.life) co_return std::move(claim.reply);
    Life& life = *claim.life;
    check_enlisted(life, claim.params);
    if (claim.params.number < life.last_claim) co_return std::move(claim.reply);
    if (std::exchange(life.is_claiming, true))
        throw Error{errc::busy, "another claim of this worker is under way"};
    life.rest.reset();
    stop->call = [weak = std::weak_ptr{claim.life}] {
        if (auto const waiting = weak.lock()) waiting->wake.wake();
    };
    bool const may_wait = !is_repeat(claim);
    std::exception_ptr trouble;
    try {
        co_await look(claim, may_wait);
        if (has_suspect(claim) && !life.is_over) co_await stop_consuming(engine, claim.life);
    } catch (...) {
        trouble = std::current_exception();
    }
    life.is_claiming = false;
    // What was asked and not answered may have been given all the same: only the channel's end brings it
    // back.
    bool const was_over = life.is_over;
    if (trouble) engine->end(claim.life);
    watch_rest(engine, claim.life);
    bool const is_aborted = stop->is_asked && claim.reply.jobs.empty() && !trouble;
    if (is_aborted && !life.is_over) {
        try {
            co_await stop_consuming(engine, claim.life);
        } catch (std::exception const& error) {
            log(LogLevel::warn, one_line(std::string{"a claim was cancelled: "} + error.what()));
        }
    }
    if (life.end) std::rethrow_exception(life.end);
    if (trouble && !was_over) std::rethrow_exception(trouble);
    if (life.is_over) {
        ClaimReply over;
        over.retired = true;
        co_return over;
    }
    if (is_aborted) throw boost::system::system_error{asio::error::operation_aborted};
    co_return std::move(claim.reply);
}

}  // namespace cohort::rabbitmq
