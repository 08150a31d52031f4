// SPDX-License-Identifier: MIT
#include "rabbitmq/consume.hpp"

#include "rabbitmq/errors.hpp"
#include "rabbitmq/patience.hpp"
#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <utility>

namespace cohort::rabbitmq {

namespace asio = boost::asio;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::uint32_t most_at_once = 1000;
// A worker claims again at once; one that does not is not to be given jobs that others wait for.
constexpr Duration longest_rest = 100ms;
// Where a server cannot be told to give no more: what a queue has for a consumer comes within a few
// milliseconds, or as long as the server's disk takes. Who has had leave for so long and nothing came has an
// empty queue.
constexpr Duration shortest_silence = 20ms;
constexpr Duration longest_silence = 500ms;
Duration silence_of(Life const& life) {
    return std::clamp(3 * life.pace, shortest_silence, longest_silence);
}
// A queue that is given jobs all the time is never silent: it is not waited for longer than so many times.
constexpr int most_silences = 10;

// The longest of late. What took longer came into an empty queue.
void note_pace(Life& life, Consumer& consumer, Steady::time_point now) {
    if (!std::exchange(consumer.is_owed, false)) return;
    auto const took = std::chrono::duration_cast<Duration>(now - consumer.stirred);
    if (took < longest_silence) life.pace = std::max(took, life.pace * 9 / 10);
}

bool is_silent(Life const& life, Which which, Steady::time_point now) {
    Duration const silence = silence_of(life);
    return std::all_of(life.consumers.begin(), life.consumers.end(), [&](auto const& entry) {
        Consumer const& consumer = entry.second;
        bool const is_meant = which == Which::all || consumer.free() > 0;
        return !is_meant || consumer.free() == 0 || now - consumer.stirred >= silence;
    });
}

// Until nothing is on its way to them.
awaitable<void> await_silence(LifePtr life, Which which) {
    constexpr Duration look_again = 2ms;
    Duration const longest = most_silences * silence_of(*life);
    for (Duration waited = 0s; waited < longest; waited += look_again) {
        if (life->is_over || is_silent(*life, which, Steady::now())) co_return;
        co_await io::sleep_for(look_again);
    }
}

// RabbitMQ 3.10 crashes the channel of a consumer that is cancelled before it has begun. Who began it waits
// for the answer too.
awaitable<void> await_starts(EnginePtr engine, LifePtr life, std::vector<AnswerPtr> starts) {
    for (auto const& start : starts)
        co_await look_patiently(engine, life, start, engine->config.patience());
}

bool can_withdraw(Engine const& engine, Life const& life) {
    return engine.worker->session().has_credit() && !life.is_deaf_to_credit;
}

// Until the server gives these nothing more, and nothing is on its way to them. An ack would be leave to give
// them another one.
awaitable<void> withdraw(EnginePtr engine, LifePtr life, std::vector<std::string> tags) {
    // The first answer may overtake what was given just before it; and it may let acks pass that the server
    // had put aside, which give leave once more.
    constexpr int rounds = 3;
    for (int round = 0; round < rounds; ++round) {
        std::vector<AnswerPtr> answers;
        for (auto const& tag : tags) {
            // For one that the server has ended the channel would have to go.
            if (!life->consumers.contains(tag)) continue;
            BasicCredit none;
            none.consumer_tag = bytes_of(tag);
            answers.push_back(life->channel->ask(basic_credit_method, &none));
        }
        for (auto const& answer : answers)
            co_await wait_patiently(engine, life, answer, engine->config.timeout);
    }
}

// A queue that was deleted and is there again says nothing to it.
awaitable<void> try_to_withdraw(EnginePtr engine, LifePtr life, std::vector<std::string> tags) {
    try {
        co_await withdraw(engine, life, std::move(tags));
    } catch (Error const& error) {
        if (error.which() != errc::uncertain) throw;
        life->is_deaf_to_credit = true;
    }
}

struct PuttingBack {
    explicit PuttingBack(Life& its_life) : life{its_life} { ++life.putting_back; }
    ~PuttingBack() { --life.putting_back; }
    PuttingBack(PuttingBack const&) = delete;
    PuttingBack& operator=(PuttingBack const&) = delete;
    Life& life;
};

bool has_ending(Life const& life) {
    return std::any_of(life.consumers.begin(), life.consumers.end(),
                       [](auto const& entry) { return entry.second.is_ending; });
}

void deliver(LifePtr const& life, Delivery delivery) {
    auto const found = life->consumers.find(delivery.consumer);
    if (found == life->consumers.end()) return;  // unacked, it comes back with the channel's end
    Consumer& consumer = found->second;
    // An ack may reach the server before it is counted here: twice a share is possible, and no more.
    constexpr std::uint32_t slack = 16;
    if (++consumer.out > 2 * consumer.share + slack)
        throw Error{errc::protocol_error,
                    "more jobs than the " + std::to_string(consumer.share) + " that were asked for"};
    auto const now = Steady::now();
    note_pace(*life, consumer, now);
    consumer.stirred = now;
    life->waiting.push_back({consumer.line, std::move(delivery)});
    life->wake.wake();
}

awaitable<void> end_rest(EnginePtr engine, LifePtr life) {
    try {
        co_await await_silence(life, Which::all);
        if (life->is_over || life->is_claiming) co_return;
        co_await stop_consuming(engine, life);
    } catch (std::exception const& error) {
        engine->end(life);
        log(LogLevel::warn,
            one_line(std::string{"jobs that nobody claimed could not be put back: "} + error.what()));
    }
}

// Where all its slots are busy it is asked for nothing, and looked at again: one of them may fall free.
void look_at_rest(EnginePtr const& engine, LifePtr const& life) {
    if (life->is_over || life->is_claiming || life->consumers.empty()) return;
    if (!life->may_be_given()) {
        watch_rest(engine, life);
        return;
    }
    // It holds what it needs, and the loop waits for it.
    asio::co_spawn(engine->executor, end_rest(engine, life), [](std::exception_ptr) {});
}

}  // namespace

awaitable<void> start_consuming(EnginePtr engine, LifePtr life, std::vector<std::string> lines,
                                std::vector<std::uint32_t> shares) {
    std::weak_ptr<Life> const weak = life;
    life->channel->on_delivery = [weak](Delivery delivery) {
        if (auto const strong = weak.lock()) deliver(strong, std::move(delivery));
    };
    // The server has lost a queue: the next claim declares it anew.
    life->channel->on_cancel = [weak, weak_engine = std::weak_ptr{engine}](std::string const& tag) {
        if (auto const strong = weak_engine.lock()) strong->worker_topology.forget();
        auto const strong = weak.lock();
        if (!strong) return;
        strong->consumers.erase(tag);
        strong->wake.wake();
    };
    std::vector<AnswerPtr> answers;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (shares[i] == 0) continue;  // to AMQP that would be no limit at all
        amqp_basic_qos_t qos{};
        qos.prefetch_count = static_cast<std::uint16_t>(std::min(shares[i], most_at_once));
        answers.push_back(life->channel->ask(AMQP_BASIC_QOS_METHOD, &qos));
        std::string const tag = "c" + std::to_string(++life->consumers_made);
        std::string const name = engine->names.jobs(lines[i]);
        amqp_basic_consume_t consume{};
        consume.queue = bytes_of(name);
        consume.consumer_tag = bytes_of(tag);
        AnswerPtr const started = life->channel->ask(AMQP_BASIC_CONSUME_METHOD, &consume);
        answers.push_back(started);
        life->consumers[tag] = Consumer{lines[i], qos.prefetch_count, 0, false, started, Steady::now()};
    }
    std::exception_ptr trouble;
    try {
        for (auto const& answer : answers)
            co_await wait_patiently(engine, life, answer, engine->config.patience());
    } catch (...) {
        trouble = std::current_exception();
    }
    if (trouble && code_of(trouble) == errc::uncertain) {
        throw Error{errc::uncertain, "asked for the jobs of " + lines.front() + ", and " +
                                         engine->config.masked +
                                         " does not answer; has the queue a leader? (rabbitmq-queues " +
                                         "quorum_status " + engine->names.jobs(lines.front()) + ")"};
    }
    if (trouble) std::rethrow_exception(trouble);
    for (auto& [tag, consumer] : life->consumers) {
        if (std::find(answers.begin(), answers.end(), consumer.started) != answers.end())
            consumer.stirred = Steady::now();
    }
}

awaitable<void> cancel_consumers(EnginePtr engine, LifePtr life, Which which) {
    bool const withdraws = can_withdraw(*engine, *life);
    if (!withdraws) co_await await_silence(life, which);
    std::vector<std::string> tags;
    std::vector<AnswerPtr> starts;
    for (auto& [tag, consumer] : life->consumers) {
        if (consumer.is_ending || (which == Which::waiting && consumer.free() == 0)) continue;
        consumer.is_ending = true;
        tags.push_back(tag);
        starts.push_back(consumer.started);
    }
    co_await await_starts(engine, life, std::move(starts));
    Channel::Hold const acks_wait{life->channel};
    if (withdraws) co_await try_to_withdraw(engine, life, tags);
    std::vector<AnswerPtr> answers;
    for (auto const& tag : tags) {
        amqp_basic_cancel_t cancel{};
        cancel.consumer_tag = bytes_of(tag);
        answers.push_back(life->channel->ask(AMQP_BASIC_CANCEL_METHOD, &cancel));
    }
    for (auto const& answer : answers)
        co_await wait_patiently(engine, life, answer, engine->config.patience());
    for (auto const& tag : tags)
        life->consumers.erase(tag);
    // Somebody else may be ending others.
    constexpr Duration look_again = 1ms;
    while (has_ending(*life) && !life->is_over)
        co_await io::sleep_for(look_again);
}

void watch_rest(EnginePtr const& engine, LifePtr const& life) {
    life->rest.reset();
    if (life->is_over || life->consumers.empty()) return;
    life->rest.emplace(engine->executor, longest_rest,
                       [weak_engine = std::weak_ptr{engine}, weak_life = std::weak_ptr{life}] {
                           auto const strong = weak_engine.lock();
                           auto const resting = weak_life.lock();
                           if (strong && resting) look_at_rest(strong, resting);
                       });
}

awaitable<void> stop_consuming(EnginePtr engine, LifePtr life) {
    co_await cancel_consumers(engine, life);
    Instant const now = engine->config.clock->now();
    {
        PuttingBack const guard{*life};
        std::vector<Replacement> back;
        for (auto& waiting : std::exchange(life->waiting, {})) {
            auto const tag = waiting.delivery.tag;
            Delivered delivered = decode_job(std::move(waiting.delivery), waiting.line, now);
            back.push_back({std::move(delivered.job), delivered.rest, tag});
        }
        co_await put_back(engine, life, std::move(back));
    }
    // Another one may be putting others back: where the channel ended meanwhile, they would count as lost.
    constexpr Duration look_again = 1ms;
    while (life->putting_back > 0 && !life->is_over)
        co_await io::sleep_for(look_again);
}

}  // namespace cohort::rabbitmq
