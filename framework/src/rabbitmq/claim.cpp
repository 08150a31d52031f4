// SPDX-License-Identifier: MIT
#include "rabbitmq/consume.hpp"
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

// Where there are fewer free slots than queues, or the share of one is used up, shares go round so often.
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
    std::size_t first = 0;           // of the queues, when shares go round

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

// Asks one queue for so many.
awaitable<void> pull(Claim& claim, std::string const& line) {
    Engine const& engine = *claim.engine;
    std::string const name = engine.names.jobs(line);
    bool is_empty = false;
    while (claim.missing() > 0 && !is_empty) {
        // One more than there are would be asked for nothing; a few are asked for at once.
        constexpr std::uint32_t few = 16;
        std::vector<AnswerPtr> answers;
        amqp_basic_get_t get{};
        get.queue = bytes_of(name);
        for (std::uint32_t i = 0; i < std::min(few, claim.missing()); ++i)
            answers.push_back(claim.life->channel->ask(AMQP_BASIC_GET_METHOD, &get));
        for (auto const& answer : answers) {
            co_await wait_for(answer, engine.config.timeout);
            is_empty = is_empty || !answer->delivery;
            if (answer->delivery) accept(claim, line, std::move(*answer->delivery));
        }
    }
}

// How many of the worker's slots are free as far as we know. Where it has more, outcomes are on their way,
// and the shares that they hold come back by themselves.
std::uint32_t known_free(Claim const& claim) {
    Life const& life = *claim.life;
    std::size_t const slots = life.worker.slots;
    if (slots == 0) return claim.missing();
    return static_cast<std::uint32_t>(slots > life.runs.size() ? slots - life.runs.size() : 0);
}

enum class Fit : std::uint8_t { good, too_small, bad };

// Are the consumers what this claim would make them? To end one is dear: a delivery that crosses its end goes
// back, and the server counts that as if a worker had been lost.
Fit fit_of(Claim const& claim) {
    Life const& life = *claim.life;
    auto const known = known_free(claim);
    std::size_t const count = claim.lines.size();
    if (life.consumers.size() < count || life.free_shares() > std::max(known, claim.missing()))
        return Fit::bad;
    // More of them than lines: where nothing runs, this costs nothing to mend.
    if (life.consumers.size() > count && (count > 1 || (life.runs.empty() && life.waiting.empty())))
        return Fit::bad;
    bool const has_others = count > 1 && known > 0;
    for (auto const& [tag, consumer] : life.consumers) {
        bool const is_asked =
            std::find(claim.lines.begin(), claim.lines.end(), consumer.line) != claim.lines.end();
        if (!is_asked || consumer.is_ending) return Fit::bad;
        if (has_others && consumer.out >= consumer.share) return Fit::bad;
    }
    if (life.free_shares() >= std::min(known, claim.missing())) return Fit::good;
    return count == 1 ? Fit::too_small : Fit::bad;
}

// Clears the place for consumers that fit. Where they would leave out a queue, each is looked at.
awaitable<void> rebalance(Claim& claim, bool will_reach_all) {
    co_await cancel_consumers(claim.engine, claim.life);
    take_waiting(claim);
    for (auto const& line : claim.lines) {
        // Asking a queue that is gone would cost the channel, and with it all that runs.
        co_await claim.engine->worker_topology.need_line(line);
        if (!will_reach_all) co_await pull(claim, line);
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

// Until there is something for it, or its time is over.
awaitable<void> look(Claim& claim, bool may_wait) {
    auto const until = Steady::now() + std::min<Duration>(claim.params.wait, 24h * 365);
    for (;;) {
        if (is_over(claim) || claim.stop->is_asked) co_return;
        take_waiting(claim);
        bool const waits = may_wait && claim.params.wait > 0s;
        // Where there are priorities, shares would let the patient in beside the urgent: each line is looked
        // at, in order, and shares are for when all are empty.
        bool const will_reach_all =
            waits && !claim.engine->config.has_priorities && claim.missing() >= claim.lines.size();
        Fit fit = Fit::good;
        if (claim.missing() > 0) fit = waits ? fit_of(claim) : Fit::bad;
        if (fit == Fit::bad) co_await rebalance(claim, will_reach_all);
        co_await drop_unfit(claim);
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        bool const has_jobs = !claim.reply.jobs.empty();
        bool const goes_on = waits && left > 0s && !is_over(claim);
        if (fit == Fit::bad && goes_on && claim.missing() > 0 && (!has_jobs || will_reach_all)) {
            auto const shares = divide(claim.missing(), claim.lines.size(), claim.first);
            co_await start_consuming(claim.engine, claim.life, claim.lines, shares);
        } else if (fit == Fit::too_small && goes_on && !has_jobs) {
            // Runs of consumers that are gone have ended: one more consumer has what they leave.
            auto const free = std::min(claim.life->free_shares(), claim.missing());
            std::vector<std::uint32_t> const rest{claim.missing() - free};
            co_await start_consuming(claim.engine, claim.life, claim.lines, rest);
        }
        if (has_jobs || !goes_on) co_return;
        bool const is_whole = claim.life->consumers.size() >= claim.lines.size();
        ++claim.first;
        Duration const span = is_whole ? left : std::min(left, turn);
        if (claim.life->waiting.empty()) co_await claim.life->wake.wait_for(span);
    }
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
