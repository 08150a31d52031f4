// SPDX-License-Identifier: MIT
#include "rabbitmq/consume.hpp"

#include "rabbitmq/verbs.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace cohort::rabbitmq {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t most_at_once = 1000;
// A worker claims again at once; one that does not is not to be given jobs that others wait for.
constexpr Duration longest_rest = 100ms;

void deliver(LifePtr const& life, Delivery delivery) {
    auto const found = life->consumers.find(delivery.consumer);
    if (found == life->consumers.end()) return;  // unacked, it comes back with the channel's end
    ++found->second.out;
    life->waiting.push_back({found->second.line, std::move(delivery)});
    life->wake.wake();
}

awaitable<void> end_rest(EnginePtr engine, LifePtr life) {
    try {
        co_await stop_consuming(engine, life);
    } catch (std::exception const& error) {
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
        life->consumers[tag] = Consumer{lines[i], qos.prefetch_count, 0, false, started};
    }
    for (auto const& answer : answers)
        co_await wait_for(answer, engine->config.timeout);
}

awaitable<void> cancel_consumers(EnginePtr engine, LifePtr life) {
    std::vector<std::string> tags;
    std::vector<AnswerPtr> starts;
    for (auto& [tag, consumer] : life->consumers) {
        if (std::exchange(consumer.is_ending, true)) continue;
        tags.push_back(tag);
        starts.push_back(consumer.started);
    }
    // RabbitMQ 3.10 crashes the channel of a consumer that is cancelled before it has begun. Who began it
    // waits for the answer too, and an answer wakes one: so this one looks.
    constexpr Duration look_again = 1ms;
    for (auto const& start : starts) {
        for (Duration waited = 0s; !start->is_done && waited < engine->config.timeout; waited += look_again)
            co_await io::sleep_for(look_again);
    }
    std::vector<AnswerPtr> answers;
    for (auto const& tag : tags) {
        amqp_basic_cancel_t cancel{};
        cancel.consumer_tag = bytes_of(tag);
        answers.push_back(life->channel->ask(AMQP_BASIC_CANCEL_METHOD, &cancel));
    }
    for (auto const& answer : answers)
        co_await wait_for(answer, engine->config.timeout);
    for (auto const& tag : tags)
        life->consumers.erase(tag);
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

std::vector<std::uint32_t> divide(std::uint32_t slots, std::size_t count, std::size_t first) {
    std::vector<std::uint32_t> shares(count);
    for (std::uint32_t slot = 0; slot < slots && count > 0; ++slot)
        ++shares[(first + slot) % count];
    return shares;
}

awaitable<void> stop_consuming(EnginePtr engine, LifePtr life) {
    co_await cancel_consumers(engine, life);
    Instant const now = engine->config.clock->now();
    std::vector<Replacement> back;
    for (auto& waiting : std::exchange(life->waiting, {})) {
        auto const tag = waiting.delivery.tag;
        Delivered delivered = decode_job(std::move(waiting.delivery), waiting.line, now);
        back.push_back({std::move(delivered.job), delivered.rest, tag});
    }
    co_await put_back(engine, life, std::move(back));
}

}  // namespace cohort::rabbitmq
