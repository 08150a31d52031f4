// SPDX-License-Identifier: MIT
#include "rabbitmq/channel.hpp"

#include "rabbitmq/errors.hpp"
#include "rabbitmq/session.hpp"

#include <cohort/error.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace cohort::rabbitmq {

using Steady = std::chrono::steady_clock;

AnswerPtr Channel::ask(amqp_method_number_t id, void const* fields) {
    auto answer = std::make_shared<Answer>();
    answer->asked = id;
    if (!is_open()) {
        answer->is_done = true;
        answer->error = trouble_;
        return answer;
    }
    session_->write_method(number_, id, fields);
    asked_.push_back(answer);
    return answer;
}

void Channel::tell(amqp_method_number_t id, void const* fields) {
    if (is_open()) session_->write_method(number_, id, fields);
}

void Channel::publish(BatchPtr const& batch, Publication publication) {
    std::size_t const index = batch->fates.size();
    batch->fates.push_back(Fate::pending);
    batch->reasons.emplace_back();
    if (!is_open()) {
        batch->fates.back() = Fate::lost;
        return;
    }
    // What comes back does not say which it was.
    std::string const number = std::to_string(published_ + 1);
    if (publication.is_mandatory) {
        publication.properties._flags |= AMQP_BASIC_CORRELATION_ID_FLAG;
        publication.properties.correlation_id = bytes_of(number);
    }
    amqp_basic_publish_t fields{};
    fields.exchange = bytes_of(publication.exchange);
    fields.routing_key = bytes_of(publication.routing_key);
    fields.mandatory = publication.is_mandatory ? 1 : 0;
    session_->write_content(number_, AMQP_BASIC_PUBLISH_METHOD, &fields, publication.properties,
                            publication.body);
    ++published_;
    ++batch->open;
    sent_.emplace(published_, Sent{batch, index});
}

void Channel::ack(std::uint64_t tag, Upto upto) {
    if (upto == Upto::here)
        unacked_.erase(unacked_.begin(), unacked_.upper_bound(tag));
    else
        unacked_.erase(tag);
    amqp_basic_ack_t fields{};
    fields.delivery_tag = tag;
    fields.multiple = upto == Upto::here ? 1 : 0;
    if (holds_ > 0)
        held_acks_.push_back(fields);
    else
        tell(AMQP_BASIC_ACK_METHOD, &fields);
}

Channel::Hold::Hold(ChannelPtr channel) : channel_{std::move(channel)} {
    ++channel_->holds_;
}
Channel::Hold::~Hold() {
    if (--channel_->holds_ == 0) channel_->say_held_acks();
}

void Channel::say_held_acks() {
    for (auto const& fields : std::exchange(held_acks_, {}))
        tell(AMQP_BASIC_ACK_METHOD, &fields);
}

void Channel::ack(std::vector<std::uint64_t> tags) {
    std::sort(tags.begin(), tags.end());
    auto const [oldest, first] = std::mismatch(unacked_.begin(), unacked_.end(), tags.begin(), tags.end());
    if (first - tags.begin() > 1) {
        ack(*std::prev(first), Upto::here);
        tags.erase(tags.begin(), first);
    }
    for (auto const tag : tags)
        ack(tag);
}

void Channel::give_back(std::uint64_t tag) {
    unacked_.erase(unacked_.begin(), unacked_.upper_bound(tag));
    amqp_basic_nack_t fields{};
    fields.delivery_tag = tag;
    fields.multiple = 1;
    fields.requeue = 1;
    tell(AMQP_BASIC_NACK_METHOD, &fields);
}

void Channel::close() {
    if (!is_open()) return;
    say_held_acks();
    amqp_channel_close_t fields{};
    fields.reply_code = 200;
    session_->write_method(number_, AMQP_CHANNEL_CLOSE_METHOD, &fields);
    is_closing_ = true;
    on_end = nullptr;
    end(std::make_exception_ptr(Error{errc::closed, "the channel was closed"}), 0);
}

void Channel::take(Method const& method) {
    switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
        auto const& ack = method.as<amqp_basic_ack_t>();
        confirm(ack.delivery_tag, ack.multiple != 0, Fate::confirmed);
        return;
    }
    case AMQP_BASIC_NACK_METHOD: {
        auto const& nack = method.as<amqp_basic_nack_t>();
        confirm(nack.delivery_tag, nack.multiple != 0, Fate::refused);
        return;
    }
    case AMQP_BASIC_CANCEL_METHOD:
        // Whoever is called may close the channel, which lets go of the function.
        if (auto const call = on_cancel)
            call(std::string{view(method.as<amqp_basic_cancel_t>().consumer_tag)});
        return;
    case AMQP_QUEUE_DECLARE_OK_METHOD:
        answer(method.id, method.as<amqp_queue_declare_ok_t>().message_count, {});
        return;
    default:
        answer(method.id, 0, {});
    }
}

void Channel::take(Delivery delivery, amqp_method_number_t how) {
    if (how == AMQP_BASIC_GET_OK_METHOD) {
        unacked_.insert(unacked_.end(), delivery.tag);
        answer(how, 0, std::move(delivery));
    } else if (how == AMQP_BASIC_RETURN_METHOD) {
        bool const is_numbered = (delivery.properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG) != 0;
        auto const text = is_numbered ? view(delivery.properties->correlation_id) : std::string_view{};
        std::uint64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        if (auto const found = sent_.find(number); found != sent_.end()) found->second.is_returned = true;
    } else if (on_delivery) {
        unacked_.insert(unacked_.end(), delivery.tag);
        on_delivery(std::move(delivery));
    }
}

void Channel::answer(amqp_method_number_t id, std::uint32_t messages, std::optional<Delivery> delivery) {
    if (asked_.empty()) throw Error{errc::protocol_error, "an answer to nothing"};
    // In AMQP the number of an answer is the question's, plus one; a queue that is asked may be empty.
    // Questions of one kind are answered in their order, but a quorum queue's consume-ok may come behind what
    // was asked later.
    auto const found = std::find_if(asked_.begin(), asked_.end(), [&](AnswerPtr const& question) {
        return id == question->asked + 1 ||
               (question->asked == AMQP_BASIC_GET_METHOD && id == AMQP_BASIC_GET_EMPTY_METHOD);
    });
    if (found == asked_.end()) throw Error{errc::protocol_error, "an answer to another question"};
    auto const asked = *found;
    asked_.erase(found);
    asked->id = id;
    asked->messages = messages;
    asked->delivery = std::move(delivery);
    asked->is_done = true;
    asked->wake.wake();
}

void Channel::confirm(std::uint64_t tag, bool is_multiple, Fate fate) {
    if (tag > published_) throw Error{errc::protocol_error, "a confirm of what was not published"};
    auto at = is_multiple ? sent_.begin() : sent_.find(tag);
    while (at != sent_.end() && at->first <= tag) {
        auto& [batch, index, is_returned] = at->second;
        batch->fates[index] = is_returned ? Fate::returned : fate;
        if (--batch->open == 0) batch->wake.wake();
        at = sent_.erase(at);
    }
}

void Channel::end(std::exception_ptr reason, std::uint16_t code) {
    if (trouble_) return;
    trouble_ = reason;
    close_code_ = code;
    for (auto const& asked : std::exchange(asked_, {})) {
        asked->error = reason;
        asked->is_done = true;
        asked->wake.wake();
    }
    for (auto& [number, sent] : std::exchange(sent_, {})) {
        sent.batch->fates[sent.index] = Fate::lost;
        if (--sent.batch->open == 0) sent.batch->wake.wake();
    }
    if (auto const call = std::exchange(on_end, nullptr)) call();
    on_delivery = nullptr;
    on_cancel = nullptr;
}

awaitable<void> wait_for(AnswerPtr answer, Duration limit) {
    auto const until = Steady::now() + limit;
    while (!answer->is_done) {
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        if (left <= 0s) throw Error{errc::uncertain, "asked, and no answer came within " + to_string(limit)};
        co_await answer->wake.wait_for(left);
    }
    if (answer->error) std::rethrow_exception(answer->error);
}

awaitable<void> wait_for(BatchPtr batch, Duration limit) {
    auto const until = Steady::now() + limit;
    while (batch->open > 0) {
        auto const left = std::chrono::duration_cast<Duration>(until - Steady::now());
        if (left <= 0s) co_return;
        co_await batch->wake.wait_for(left);
    }
}

awaitable<void> await_taken(ChannelPtr channel, Duration limit) {
    // A question that changes nothing: it is about consumers that are still to come.
    amqp_basic_qos_t qos{};
    qos.prefetch_count = 1;
    AnswerPtr const answer = channel->ask(AMQP_BASIC_QOS_METHOD, &qos);
    try {
        co_await wait_for(answer, limit);
    } catch (std::exception const&) {
        // What is not taken comes back: that is what a connection's end costs.
    }
}

}  // namespace cohort::rabbitmq
