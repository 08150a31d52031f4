// SPDX-License-Identifier: MIT
#include "rabbitmq/ear.hpp"

#include "rabbitmq/errors.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace cohort::rabbitmq {

namespace asio = boost::asio;

namespace {

// A worker with free slots claims again at once. One that does not has none: what it was told is for others.
constexpr Duration longest_break = 20ms;

}  // namespace

void Ear::enter() {
    std::lock_guard const lock{mutex_};
    ++claims_;
}

void Ear::leave() {
    std::lock_guard const lock{mutex_};
    --claims_;
    left_ = Steady::now();
    // One that always finds as much as it may take keeps others from being called.
    if (ticket_ > taken_ && left_ - held_ >= longest_break) drop_later();
    if (claims_ > 0 || !(is_open_ || is_opening_) || std::exchange(is_resting_, true)) return;
    asio::post(engine_->executor, [self = shared_from_this()] { self->rest(); });
}

Mark Ear::mark() const {
    std::lock_guard const lock{mutex_};
    return {opening_, ticket_ > taken_ ? ticket_ : 0, news_};
}

void Ear::found_no_more(Mark const& mark) {
    std::lock_guard const lock{mutex_};
    if (mark.ticket <= taken_ || mark.opening != opening_) return;
    taken_ = mark.ticket;
    asio::post(engine_->executor, [self = shared_from_this(), mark] {
        {
            std::lock_guard const still{self->mutex_};
            if (self->opening_ != mark.opening) return;
        }
        if (!self->channel_) return;
        amqp_basic_ack_t ack{};
        ack.delivery_tag = mark.ticket;
        ack.multiple = 1;
        self->channel_->tell(AMQP_BASIC_ACK_METHOD, &ack);
    });
}

bool Ear::hears(std::vector<std::string> const& queues) {
    if (is_closed_) return true;
    if (queues_ == queues && (is_open_ || is_opening_)) return true;
    queues_ = queues;
    return std::exchange(is_opening_, true);  // who opens looks at them once more
}

awaitable<void> Ear::listen(Mark mark, std::vector<std::string> queues, Duration span) {
    // Its turn among the others is the business of the store.
    std::sort(queues.begin(), queues.end());
    queues.erase(std::unique(queues.begin(), queues.end()), queues.end());
    struct Waiting {
        ~Waiting() {
            std::lock_guard const lock{ear->mutex_};
            std::erase(ear->waiting_, wake);
        }
        EarPtr const ear;
        std::shared_ptr<io::Wake> const wake = std::make_shared<io::Wake>();
    };
    Waiting const waiting{shared_from_this()};
    {
        std::lock_guard const lock{mutex_};
        if (news_ != mark.news) co_return;
        waiting_.push_back(waiting.wake);
        if (!hears(queues)) {
            asio::post(engine_->executor, [self = shared_from_this()] {
                asio::co_spawn(self->engine_->executor, self->open(), [self](std::exception_ptr) {});
            });
        }
    }
    co_await waiting.wake->wait_for(span);
}

void Ear::tell() {
    ++news_;
    for (auto const& wake : waiting_)
        wake->wake();
}

void Ear::wake() {
    std::lock_guard const lock{mutex_};
    tell();
}

void Ear::take(std::uint64_t opening, std::uint64_t ticket) {
    std::lock_guard const lock{mutex_};
    if (opening != opening_) return;
    if (ticket_ <= taken_) held_ = Steady::now();
    ticket_ = ticket;
    tell();
}

// A channel's end takes its consumers with it, and gives back what they hold.
void Ear::drop() {
    ChannelPtr const channel = std::exchange(channel_, nullptr);
    {
        std::lock_guard const lock{mutex_};
        is_open_ = false;
        ++opening_;
        ticket_ = taken_ = 0;
    }
    if (!channel) return;
    channel->on_delivery = nullptr;
    channel->on_cancel = nullptr;
    channel->on_end = nullptr;
    channel->close();
}

// Who came to listen meanwhile hears nothing any more: it opens another one.
void Ear::drop_and_tell() {
    drop();
    wake();
}

// With `mutex_` held.
void Ear::drop_later() {
    asio::post(engine_->executor, [self = shared_from_this(), opening = opening_] {
        {
            std::lock_guard const lock{self->mutex_};
            if (self->opening_ != opening || self->is_opening_) return;
        }
        self->drop_and_tell();
    });
}

awaitable<void> Ear::open() {
    auto const self = shared_from_this();
    std::vector<std::string> queues;
    for (bool is_done = false; !is_done;) {
        {
            std::lock_guard const lock{mutex_};
            queues = queues_;
        }
        std::exception_ptr trouble;
        for (int attempt = 0; attempt < 2; ++attempt) {
            drop();
            trouble = nullptr;
            try {
                co_await consume(queues);
            } catch (...) {
                trouble = std::current_exception();
            }
            if (!trouble) break;
            // Perhaps the server has lost a queue.
            engine_->worker_topology.forget();
        }
        bool const is_known = engine_->worker->is_missed() || (trouble && code_of(trouble) == errc::closed);
        bool const is_told = std::exchange(is_told_, trouble && (is_told_ || !is_known));
        if (is_told_ && !is_told)
            log(LogLevel::warn,
                one_line(engine_->config.masked + ": nobody calls this worker, it looks now and then: " +
                         describe(trouble, engine_->config.masked)));
        std::lock_guard const lock{mutex_};
        is_done = is_closed_ || queues_ == queues;
        if (!is_done) continue;
        is_opening_ = false;
        is_open_ = channel_ && channel_->is_open();
    }
}

awaitable<void> Ear::consume(std::vector<std::string> queues) {
    co_await engine_->worker->ready_at_once();
    for (auto const& queue : queues)
        co_await engine_->worker_topology.need_tickets(queue);
    std::uint64_t opening = 0;
    {
        std::lock_guard const lock{mutex_};
        if (is_closed_) co_return;
        opening = opening_;
    }
    channel_ = engine_->worker->session().open_channel();
    auto const weak = weak_from_this();
    channel_->on_delivery = [weak, opening](Delivery const& delivery) {
        if (auto const ear = weak.lock()) ear->take(opening, delivery.tag);
    };
    auto const lost = [weak] {
        if (auto const ear = weak.lock()) ear->drop_and_tell();
    };
    // The queue is gone.
    channel_->on_cancel = [weak, lost](std::string const&) {
        auto const ear = weak.lock();
        if (!ear) return;
        ear->engine_->worker_topology.forget();
        asio::post(ear->engine_->executor, lost);
    };
    channel_->on_end = lost;
    std::vector<AnswerPtr> answers;
    amqp_basic_qos_t qos{};
    qos.prefetch_count = 1;  // one call is enough, whatever there is
    answers.push_back(channel_->ask(AMQP_BASIC_QOS_METHOD, &qos));
    std::vector<std::string> names;
    for (auto const& queue : queues)
        names.push_back(engine_->names.tickets(queue));
    for (auto const& name : names) {
        amqp_basic_consume_t consume{};
        consume.queue = bytes_of(name);
        answers.push_back(channel_->ask(AMQP_BASIC_CONSUME_METHOD, &consume));
    }
    for (auto const& answer : answers)
        co_await wait_for(answer, engine_->config.timeout);
}

void Ear::rest() {
    {
        std::lock_guard const lock{mutex_};
        if (is_closed_) return;
    }
    rest_.emplace(engine_->executor, longest_break, [weak = weak_from_this()] {
        if (auto const ear = weak.lock()) ear->look_at_rest();
    });
}

void Ear::look_at_rest() {
    rest_.reset();
    bool is_over = false;
    bool is_early = false;
    {
        std::lock_guard const lock{mutex_};
        bool const has_left = claims_ == 0 && !is_closed_;
        is_over = has_left && !is_opening_ && Steady::now() - left_ >= longest_break;
        is_early = has_left && !is_over;
        is_resting_ = is_early;
    }
    if (is_over) drop_and_tell();
    if (is_early) rest();
}

void Ear::close() {
    {
        std::lock_guard const lock{mutex_};
        is_closed_ = true;
        tell();
    }
    rest_.reset();
    drop();
}

}  // namespace cohort::rabbitmq
