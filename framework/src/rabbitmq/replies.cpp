// SPDX-License-Identifier: MIT
#include "rabbitmq/replies.hpp"

#include "rabbitmq/errors.hpp"
#include "rabbitmq/message.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace cohort::rabbitmq {

using Steady = std::chrono::steady_clock;

namespace {

// A client that has not watched for so long leaves the rest to its queue.
constexpr auto idle = std::chrono::minutes{1};

}  // namespace

// The place of one watch; left also when its coroutine is destroyed.
class Replies::Seat {
public:
    Seat(std::shared_ptr<Replies> its_replies, std::string its_client)
        : replies{std::move(its_replies)}, client{std::move(its_client)} {}
    ~Seat() {
        auto const found = replies->clients_.find(client);
        if (found == replies->clients_.end() || found->second.wake != wake) return;
        found->second.wake = nullptr;
        found->second.last_seen = Steady::now();
    }
    Seat(Seat const&) = delete;
    Seat& operator=(Seat const&) = delete;

    std::shared_ptr<Replies> const replies;
    std::string const client;
    std::shared_ptr<io::Wake> const wake = std::make_shared<io::Wake>();
};

Replies::Replies(boost::asio::any_io_executor executor, Config const& config)
    : config_{config}, names_{config.space},
      connection_{std::make_shared<Connection>(std::move(executor), config, "watch")},
      topology_{connection_, config} {}

bool Replies::is_of(std::string const& client, std::shared_ptr<io::Wake> const& watch) const {
    auto const found = clients_.find(client);
    return found != clients_.end() && found->second.wake == watch;
}

awaitable<void> Replies::subscribe(std::string client, std::shared_ptr<io::Wake> watch) {
    co_await topology_.need_replies(client);
    if (!is_of(client, watch)) co_return;  // a later one has taken over, and listens by itself
    ChannelPtr const channel = connection_->session().open_channel();
    channel->on_delivery = [weak = weak_from_this(), client](Delivery delivery) {
        auto const self = weak.lock();
        if (!self) return;
        auto const found = self->clients_.find(client);
        if (found != self->clients_.end()) self->receive(found->second, client, std::move(delivery));
    };
    // The queue is gone, or the connection: the watch looks after it.
    auto const ended = [weak = weak_from_this(), client] {
        auto const self = weak.lock();
        if (!self) return;
        auto const found = self->clients_.find(client);
        if (found != self->clients_.end() && found->second.wake) found->second.wake->wake();
    };
    channel->on_end = ended;
    channel->on_cancel = [weak = std::weak_ptr{channel}, topology = &topology_, ended](std::string const&) {
        topology->forget();
        if (auto const cancelled = weak.lock()) cancelled->close();
        ended();
    };
    Client& listener = clients_[client];
    if (listener.channel) listener.channel->close();
    listener.channel = channel;
    // What the last channel brought and was not acked comes again, also what it brought to a watch that has
    // been abandoned just now.
    listener.said = 0;
    listener.ended.clear();
    amqp_basic_qos_t qos{};
    qos.prefetch_count = most_held;
    AnswerPtr const limited = channel->ask(AMQP_BASIC_QOS_METHOD, &qos);
    std::string const queue = names_.replies(client);
    amqp_basic_consume_t consume{};
    consume.queue = bytes_of(queue);
    AnswerPtr const consumed = channel->ask(AMQP_BASIC_CONSUME_METHOD, &consume);
    std::exception_ptr trouble;
    try {
        co_await wait_for(limited, config_.timeout);
        co_await wait_for(consumed, config_.timeout);
    } catch (...) {
        trouble = std::current_exception();
    }
    if (!trouble) co_return;
    channel->close();
    if (is_of(client, watch)) std::rethrow_exception(trouble);
}

void Replies::receive(Client& client, std::string const& name, Delivery delivery) {
    if (client.ended.size() + client.said >= most_held) {
        throw Error{errc::protocol_error, config_.masked + ": more replies than the " +
                                              std::to_string(most_held) + " that were asked for"};
    }
    auto const tag = delivery.tag;
    try {
        client.ended.push_back(decode_ending(std::move(delivery)));
        client.youngest = tag;
    } catch (Error const& error) {
        log(LogLevel::warn, one_line("a reply to " + name + " is ignored: " + error.detail()));
        client.channel->ack(tag);
    }
    if (client.wake) client.wake->wake();
}

void Replies::finish_last(Client& client) {
    if (std::exchange(client.said, 0) == 0 || !client.channel) return;
    client.is_acking = true;
    if (client.receipt->load())
        client.channel->ack(client.said_upto, Channel::Upto::here);
    else
        client.channel->give_back(client.said_upto);
}

awaitable<void> Replies::await_acks(std::string client) {
    auto const found = clients_.find(client);
    if (found == clients_.end() || !std::exchange(found->second.is_acking, false)) co_return;
    ChannelPtr const channel = found->second.channel;
    if (channel && channel->is_open()) co_await await_taken(channel, std::min<Duration>(config_.timeout, 1s));
}

void Replies::forget_idle(Time now) {
    for (auto at = clients_.begin(); at != clients_.end();) {
        Client& client = at->second;
        bool const is_idle = !client.wake && client.ended.empty() && now - client.last_seen > idle;
        if (is_idle) {
            finish_last(client);
            if (client.channel) client.channel->close();
        }
        at = is_idle ? clients_.erase(at) : std::next(at);
    }
}

awaitable<std::vector<EndedJob>> Replies::watch(WatchParams params, StopPtr stop, Receipt receipt) {
    auto const until = Steady::now() + std::min<Duration>(params.wait, 24h * 365);
    Seat seat{shared_from_this(), params.client};
    stop->call = [wake = seat.wake] { wake->wake(); };
    bool is_mine = false;
    for (;;) {
        if (stop->is_asked) {
            co_await await_acks(params.client);
            throw boost::system::system_error{boost::asio::error::operation_aborted};
        }
        if (is_closed_) throw Error{errc::closed, config_.masked + " was closed"};
        forget_idle(Steady::now());
        Client& client = clients_[params.client];
        bool const is_taken = is_mine && client.wake != seat.wake;
        if (is_taken) co_return std::vector<EndedJob>{};  // a later watch has taken over, or was here
        if (!std::exchange(is_mine, true)) {
            if (client.wake) client.wake->wake();
            client.wake = seat.wake;
            finish_last(client);
        }
        if (!client.ended.empty()) {
            std::vector<EndedJob> ended{std::make_move_iterator(client.ended.begin()),
                                        std::make_move_iterator(client.ended.end())};
            client.ended.clear();
            client.said = ended.size();
            client.said_upto = client.youngest;
            client.receipt = receipt;
            co_return ended;
        }
        if (!client.channel || !client.channel->is_open()) {
            co_await subscribe(params.client, seat.wake);
            continue;
        }
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        if (left <= 0s) {
            co_await await_acks(params.client);
            co_return std::vector<EndedJob>{};
        }
        co_await seat.wake->wait_for(left);
    }
}

void Replies::close() {
    is_closed_ = true;
    connection_->close();
    for (auto& [name, client] : clients_) {
        if (client.wake) client.wake->wake();
    }
}

}  // namespace cohort::rabbitmq
