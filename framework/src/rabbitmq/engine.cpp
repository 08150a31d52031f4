// SPDX-License-Identifier: MIT
#include "rabbitmq/engine.hpp"

#include "io/alarm.hpp"

#include <cohort/error.hpp>

namespace cohort::rabbitmq {

Engine::Engine(boost::asio::any_io_executor its_executor, Config const& its_config)
    : executor{std::move(its_executor)}, config{its_config}, names{its_config.space},
      producer{std::make_shared<Connection>(executor, its_config, "push")},
      worker{std::make_shared<Connection>(executor, its_config, "work")},
      producer_topology{producer, its_config}, worker_topology{worker, its_config},
      replies{std::make_shared<Replies>(executor, its_config)} {}

awaitable<ChannelPtr> open_confirming(std::shared_ptr<Connection> connection, Duration limit) {
    co_await connection->ready();
    ChannelPtr const channel = connection->session().open_channel();
    amqp_confirm_select_t const select{};
    AnswerPtr const answer = channel->ask(AMQP_CONFIRM_SELECT_METHOD, &select);
    co_await wait_for(answer, limit);
    co_return channel;
}

awaitable<ChannelPtr> Engine::publisher() {
    if (publisher_ && publisher_->is_open()) co_return publisher_;
    ChannelPtr channel = co_await open_confirming(producer, config.timeout);
    // Somebody else may have been quicker.
    if (publisher_ && publisher_->is_open()) {
        channel->close();
    } else {
        publisher_ = channel;
    }
    co_return publisher_;
}

awaitable<void> Engine::wait_while_blocked(std::shared_ptr<Connection> connection) {
    constexpr Duration look_again = 20ms;
    for (Duration waited = 0s; connection->session().is_blocked(); waited += look_again) {
        if (waited >= config.blocked) {
            throw Error{errc::storage_full,
                        config.masked + " takes no messages: " + connection->session().blocked_reason()};
        }
        co_await io::sleep_for(look_again);
        check_open();
    }
}

LifePtr Engine::find(std::string const& incarnation) const {
    auto const found = lives_.find(incarnation);
    return found == lives_.end() ? nullptr : found->second;
}

void Engine::add(LifePtr life) {
    auto const& incarnation = life->worker.incarnation;
    life->channel->on_end = [weak = weak_from_this(), incarnation] {
        auto const engine = weak.lock();
        LifePtr const lost = engine ? engine->find(incarnation) : nullptr;
        // Its jobs are somebody else's from now on: the worker hears that it is retired.
        if (lost) engine->end(lost);
    };
    lives_[incarnation] = std::move(life);
}

void Engine::end(LifePtr const& life) {
    if (std::exchange(life->is_over, true)) return;
    lives_.erase(life->worker.incarnation);
    life->rest.reset();
    life->channel->on_delivery = nullptr;
    life->channel->on_cancel = nullptr;
    life->channel->on_end = nullptr;
    life->channel->close();
    life->wake.wake();
}

void Engine::check_open() const {
    if (is_closed_) throw Error{errc::closed, config.masked + " was closed"};
}

void Engine::close() {
    if (std::exchange(is_closed_, true)) return;
    auto const closed = std::make_exception_ptr(Error{errc::closed, config.masked + " was closed"});
    for (auto const& [incarnation, life] : std::exchange(lives_, {})) {
        life->is_over = true;
        life->end = closed;
        life->rest.reset();
        life->channel->on_end = nullptr;
        life->wake.wake();
    }
    replies->close();
    producer->close();
    worker->close();
}

}  // namespace cohort::rabbitmq
