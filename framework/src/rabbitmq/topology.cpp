// SPDX-License-Identifier: MIT
#include "rabbitmq/topology.hpp"

#include "rabbitmq/ladder.hpp"

#include <cohort/error.hpp>

namespace cohort::rabbitmq {

using Steady = std::chrono::steady_clock;

namespace {

// A message that the server has taken back so often goes to the dead: ten times every job's own limit.
constexpr std::int64_t delivery_limit = 10 * (100 + 1);
// Nobody has read or awaited replies for so long: their client is gone, and does not come back.
constexpr Duration replies_expire = 10min;
constexpr Duration kept_replies_expire = 24h * 7;
constexpr std::int64_t most_replies = 100'000;
// Tickets say that there may be work, and not which: more of them than workers that wait are of no use.
constexpr std::int64_t most_tickets = 100;
constexpr std::int64_t tickets_expire = 10 * 60 * 1000;
// A step of the ladder that was there is looked for again after so long.
constexpr Duration trusted_for = 100ms;

Table quorum() {
    Table arguments;
    arguments.add("x-queue-type", std::string_view{"quorum"});
    return arguments;
}

// What leaves by its time or by a limit arrives elsewhere before it is gone here.
void add_dead_letters(Table& arguments, std::string_view exchange) {
    arguments.add("x-dead-letter-exchange", exchange)
        .add("x-dead-letter-strategy", std::string_view{"at-least-once"})
        .add("x-overflow", std::string_view{"reject-publish"});
}

}  // namespace

// A channel of its own: a declaration that fails ends its channel.
awaitable<void> Topology::prepare() {
    co_await connection_->ready();
    // What an operator has deleted is noticed by whoever uses it, on any channel.
    auto const missed = connection_->session().missed();
    if (generation_ != connection_->generation() || missed_ != missed) known_.clear();
    generation_ = connection_->generation();
    missed_ = missed;
    if (!channel_ || !channel_->is_open()) channel_ = connection_->session().open_channel();
}

void Topology::add_queue(std::string const& name, Table arguments) {
    amqp_queue_declare_t declare{};
    declare.queue = bytes_of(name);
    declare.durable = 1;
    declare.arguments = arguments.get();
    asked_.push_back(channel_->ask(AMQP_QUEUE_DECLARE_METHOD, &declare));
}

void Topology::add_exchange(std::string const& name) {
    amqp_exchange_declare_t declare{};
    declare.exchange = bytes_of(name);
    declare.type = bytes_of("topic");
    declare.durable = 1;
    asked_.push_back(channel_->ask(AMQP_EXCHANGE_DECLARE_METHOD, &declare));
}

void Topology::add_queue_binding(std::string const& queue, std::string const& exchange,
                                 std::string const& key) {
    amqp_queue_bind_t bind{};
    bind.queue = bytes_of(queue);
    bind.exchange = bytes_of(exchange);
    bind.routing_key = bytes_of(key);
    asked_.push_back(channel_->ask(AMQP_QUEUE_BIND_METHOD, &bind));
}

void Topology::add_exchange_binding(std::string const& to, std::string const& from, std::string const& key) {
    amqp_exchange_bind_t bind{};
    bind.destination = bytes_of(to);
    bind.source = bytes_of(from);
    bind.routing_key = bytes_of(key);
    asked_.push_back(channel_->ask(AMQP_EXCHANGE_BIND_METHOD, &bind));
}

awaitable<void> Topology::carry_out() {
    // Another coroutine may ask meanwhile.
    auto const asked = std::exchange(asked_, {});
    // A queue takes the server a while; a hundred of them may be asked for at once.
    Duration const limit = config_.timeout * 2;
    for (auto const& answer : asked)
        co_await wait_for(answer, limit);
}

awaitable<void> Topology::need_line(std::string line) {
    std::string const jobs = names_.jobs(line);
    co_await prepare();
    if (is_known(jobs)) co_return;
    std::string const dead = names_.dead(queue_of(line));
    add_exchange(names_.due());
    add_queue(dead, quorum());
    Table arguments = quorum();
    add_dead_letters(arguments, "");
    arguments.add("x-dead-letter-routing-key", std::string_view{dead})
        .add("x-delivery-limit", delivery_limit);
    add_queue(jobs, std::move(arguments));
    // Jobs may be on the ladder that were sent before the queue was deleted: the way went with it.
    add_queue_binding(jobs, names_.due(), foot_pattern(line));
    co_await carry_out();
    known_.insert(jobs);
}

awaitable<void> Topology::need_replies(std::string client) {
    std::string const name = names_.replies(client);
    co_await prepare();
    if (is_known(name)) co_return;
    Table arguments;
    arguments.add("x-queue-type", std::string_view{"classic"})
        .add("x-expires", (config_.keeps_replies ? kept_replies_expire : replies_expire) / Duration{1ms})
        .add("x-max-length", most_replies);
    add_queue(name, std::move(arguments));
    co_await carry_out();
    known_.insert(name);
}

awaitable<void> Topology::need_tickets(std::string queue) {
    std::string const name = names_.tickets(queue);
    co_await prepare();
    if (is_known(name)) co_return;
    Table arguments;
    arguments.add("x-queue-type", std::string_view{"classic"})
        .add("x-expires", tickets_expire)
        .add("x-max-length", most_tickets);
    add_queue(name, std::move(arguments));
    co_await carry_out();
    known_.insert(name);
}

// Exchanges cost next to nothing, queues do: they come when they are needed.
awaitable<void> Topology::declare_ladder() {
    add_exchange(names_.due());
    for (int step = 0; step < ladder_steps; ++step) {
        std::string const exchange = names_.step(step);
        add_exchange(exchange);
        std::string const below = step == 0 ? names_.due() : names_.step(step - 1);
        add_exchange_binding(below, exchange, step_pattern(step, '0'));
    }
    co_await carry_out();
    known_.insert(names_.due());
}

// Messages come to the lower steps by themselves: where one is missing they wait above it, and nobody is
// told. So these are looked for, on a channel of their own, which ends where one is not there; then all are
// declared again.
awaitable<void> Topology::look_for_steps(std::uint32_t units) {
    Session& session = connection_->session();
    if (!session.is_ready() || session.is_blocked()) co_return;
    auto const now = Steady::now();
    std::vector<std::string> names;
    for (int const step : held_by(units)) {
        bool const is_old =
            step != first_step(units) && is_known(names_.step(step)) && now - seen_[step] >= trusted_for;
        if (!is_old) continue;
        seen_[step] = now;
        names.push_back(names_.step(step));
    }
    if (names.empty()) co_return;
    ChannelPtr const channel = session.open_channel();
    std::vector<AnswerPtr> answers;
    for (auto const& name : names) {
        amqp_queue_declare_t look{};
        look.queue = bytes_of(name);
        look.passive = 1;
        answers.push_back(channel->ask(AMQP_QUEUE_DECLARE_METHOD, &look));
    }
    try {
        for (auto const& answer : answers)
            co_await wait_for(answer, config_.timeout);
    } catch (Error const&) {
        // The session has counted what it missed. A server that does not answer is whoever's matter that
        // publishes.
    }
    channel->close();
}

awaitable<void> Topology::need_ladder(std::uint32_t units, std::string line) {
    co_await need_line(line);
    co_await look_for_steps(units);
    co_await need_line(line);
    if (!is_known(names_.due())) co_await declare_ladder();
    for (int const step : held_by(units)) {
        std::string const name = names_.step(step);
        if (is_known(name)) continue;
        std::string const below = step == 0 ? names_.due() : names_.step(step - 1);
        Table arguments = quorum();
        add_dead_letters(arguments, below);
        arguments.add("x-message-ttl", (ladder_step * (std::int64_t{1} << step)) / Duration{1ms});
        add_queue(name, std::move(arguments));
        add_queue_binding(name, name, step_pattern(step, '1'));
        co_await carry_out();
        known_.insert(name);
        seen_[step] = Steady::now();
    }
}

}  // namespace cohort::rabbitmq
