// SPDX-License-Identifier: MIT
#include "rabbitmq/session.hpp"

#include "rabbitmq/errors.hpp"

#include <cohort/error.hpp>
#include <cohort/log.hpp>
#include <cohort/version.hpp>

#include <algorithm>

namespace cohort::rabbitmq {
namespace {

constexpr std::string_view protocol_header{"AMQP\0\0\x09\x01", 8};
// Until both sides have agreed.
constexpr std::uint32_t least_frame_max = 4096;
constexpr std::uint16_t most_channels = 2047;
// What a server makes us say, and does not read.
constexpr std::uint32_t most_reactions = 10'000;

bool has_word(std::string_view words, std::string_view word) {
    for (std::size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
        bool const begins = at == 0 || words[at - 1] == ' ';
        bool const ends = at + word.size() == words.size() || words[at + word.size()] == ' ';
        if (begins && ends) return true;
    }
    return false;
}

// The lower one, where 0 means no limit.
template<class Number>
Number agree(Number ours, Number theirs) {
    if (theirs == 0) return ours;
    return ours == 0 ? theirs : std::min(ours, theirs);
}

}  // namespace

void Session::open(Time now) {
    stage_ = Stage::greeted;
    reader_ = FrameReader{std::max(config_.frame_max, least_frame_max)};
    output_ = protocol_header;
    frame_max_ = least_frame_max;
    heartbeat_ = 0s;
    opened_ = last_sent_ = last_heard_ = now;
    is_blocked_ = false;
    is_feeding_ = false;
    reactions_ = 0;
    channels_.clear();
    next_channel_ = 1;
}

std::string Session::take_output(Time now) {
    if (!output_.empty()) last_sent_ = now;
    reactions_ = 0;
    return std::exchange(output_, {});
}

void Session::write_method(std::uint16_t channel, amqp_method_number_t id, void const* fields) {
    if (is_feeding_) count_reaction();
    std::size_t const before = output_.size();
    try {
        append_method(output_, channel, id, fields);
    } catch (Error const&) {
        output_.resize(before);
        throw;
    }
    if (on_output) on_output();
}

void Session::count_reaction() {
    if (++reactions_ <= most_reactions) return;
    throw Error{errc::protocol_error,
                config_.masked + ": the server asks, and does not read what it is answered"};
}

void Session::write_content(std::uint16_t channel, amqp_method_number_t id, void const* fields,
                            amqp_basic_properties_t const& properties, std::string_view body) {
    std::size_t const before = output_.size();
    try {
        append_content(output_, channel, id, fields, properties, body, frame_max_);
    } catch (Error const&) {
        output_.resize(before);
        throw;
    }
    if (on_output) on_output();
}

void Session::feed(std::string_view bytes, Time now) {
    last_heard_ = now;
    reader_.feed(bytes);
    is_feeding_ = true;
    try {
        while (auto const frame = reader_.next())
            take(*frame);
    } catch (...) {
        is_feeding_ = false;
        throw;
    }
    is_feeding_ = false;
}

void Session::need(Stage stage, char const* what) const {
    if (stage_ == stage) return;
    throw Error{errc::protocol_error, config_.masked + ": " + what + " at the wrong moment"};
}

void Session::take(Frame const& frame) {
    if (frame.type == frame_heartbeat) return;
    if (frame.channel == 0) {
        if (frame.type != frame_method)
            throw Error{errc::protocol_error, config_.masked + ": a message outside of channels"};
        arena_.clear();
        take_connection_method(decode_method(frame.payload, arena_));
        return;
    }
    auto const found = channels_.find(frame.channel);
    if (stage_ != Stage::ready || found == channels_.end())
        throw Error{errc::protocol_error, config_.masked + ": a frame of channel " +
                                              std::to_string(frame.channel) + ", which is not open"};
    Place& place = found->second;
    if (frame.type != frame_method) {
        take_content(place, frame);
        return;
    }
    if (place.content) throw Error{errc::protocol_error, config_.masked + ": a message without its end"};
    arena_.clear();
    Method const method = decode_method(frame.payload, arena_);
    take_channel_method(frame.channel, place, method);
}

void Session::take_connection_method(Method const& method) {
    switch (method.id) {
    case AMQP_CONNECTION_START_METHOD:
        need(Stage::greeted, "start");
        login(method);
        stage_ = Stage::tuning;
        return;
    case AMQP_CONNECTION_TUNE_METHOD:
        need(Stage::tuning, "tune");
        tune(method);
        stage_ = Stage::opening;
        return;
    case AMQP_CONNECTION_OPEN_OK_METHOD:
        need(Stage::opening, "open-ok");
        stage_ = Stage::ready;
        return;
    case AMQP_CONNECTION_BLOCKED_METHOD:
        blocked_reason_ = one_line(view(method.as<amqp_connection_blocked_t>().reason), 200);
        if (std::exchange(is_blocked_, true)) return;
        ++turns_;
        log(LogLevel::warn, one_line(config_.masked + " takes no messages for now: " + blocked_reason_));
        return;
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
        ++turns_;
        // Who saw it begin is to see it end.
        if (std::exchange(is_blocked_, false))
            log(LogLevel::warn, one_line(config_.masked + " takes messages again"));
        return;
    case AMQP_CONNECTION_CLOSE_METHOD: {
        auto const& close = method.as<amqp_connection_close_t>();
        amqp_connection_close_ok_t const ok{};
        write_method(0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
        throw make_error(close.reply_code, view(close.reply_text), config_.masked);
    }
    default:
        throw Error{errc::protocol_error, config_.masked + ": a method that does not belong here"};
    }
}

void Session::login(Method const& start) {
    auto const& fields = start.as<amqp_connection_start_t>();
    bool const is_external = config_.login == Login::external;
    std::string_view const mechanism = is_external ? "EXTERNAL" : "PLAIN";
    if (!has_word(view(fields.mechanisms), mechanism)) {
        throw Error{errc::auth_failed, config_.masked + " does not offer to log in by " +
                                           std::string{mechanism} + " but by " +
                                           one_line(view(fields.mechanisms), 100)};
    }
    // Later ones may have left it out: nobody promises it.
    has_credit_ = text(fields.server_properties, "product") == "RabbitMQ" &&
                  text(fields.server_properties, "version").starts_with("3.");
    Table capabilities;
    for (char const* name : {"publisher_confirms", "basic.nack", "consumer_cancel_notify",
                             "connection.blocked", "authentication_failure_close"})
        capabilities.add(name, true);
    std::string const connection = config_.name + ":" + role_;
    Table client;
    client.add("product", std::string_view{"cohort"})
        .add("version", std::string_view{version()})
        .add("connection_name", std::string_view{connection})
        .add("capabilities", capabilities);
    std::string response;
    if (!is_external) {
        response += '\0';
        response += config_.user;
        response += '\0';
        response += config_.password.reveal();
    }
    amqp_connection_start_ok_t ok{};
    ok.client_properties = client.get();
    ok.mechanism = bytes_of(mechanism);
    ok.response = bytes_of(response);
    ok.locale = bytes_of("en_US");
    write_method(0, AMQP_CONNECTION_START_OK_METHOD, &ok);
}

void Session::tune(Method const& method) {
    auto const& theirs = method.as<amqp_connection_tune_t>();
    if (theirs.frame_max != 0 && theirs.frame_max < least_frame_max)
        throw Error{errc::protocol_error, config_.masked + " offers frames of " +
                                              std::to_string(theirs.frame_max) + " bytes; 4096 is the least"};
    frame_max_ = agree(config_.frame_max, theirs.frame_max);
    channel_max_ = agree(most_channels, theirs.channel_max);
    auto const ours = std::chrono::ceil<std::chrono::seconds>(config_.heartbeat);
    auto const seconds =
        config_.heartbeat == 0s
            ? std::uint16_t{0}
            : agree(static_cast<std::uint16_t>(std::min<std::int64_t>(ours.count(), 3600)), theirs.heartbeat);
    heartbeat_ = std::chrono::seconds{seconds};
    reader_.set_limit(frame_max_);
    amqp_connection_tune_ok_t const ok{channel_max_, frame_max_, seconds};
    write_method(0, AMQP_CONNECTION_TUNE_OK_METHOD, &ok);
    amqp_connection_open_t open{};
    open.virtual_host = bytes_of(config_.vhost);
    write_method(0, AMQP_CONNECTION_OPEN_METHOD, &open);
}

ChannelPtr Session::open_channel() {
    need(Stage::ready, "a channel");
    for (std::uint32_t tries = 0; tries < channel_max_; ++tries) {
        std::uint16_t const number = next_channel_;
        next_channel_ = next_channel_ >= channel_max_ ? std::uint16_t{1} : std::uint16_t(next_channel_ + 1);
        if (channels_.contains(number)) continue;
        auto channel = std::make_shared<Channel>(*this, number);
        channels_.emplace(number, Place{channel, {}});
        amqp_channel_open_t const open{};
        channel->ask(AMQP_CHANNEL_OPEN_METHOD, &open);
        return channel;
    }
    throw Error{errc::busy, config_.masked + ": all channels of the connection are in use"};
}

void Session::take_channel_method(std::uint16_t number, Place& place, Method const& method) {
    auto const channel = place.channel;
    switch (method.id) {
    case AMQP_CHANNEL_CLOSE_METHOD: {
        auto const& close = method.as<amqp_channel_close_t>();
        amqp_channel_close_ok_t const ok{};
        write_method(number, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
        auto const error = make_error(close.reply_code, view(close.reply_text), config_.masked);
        auto const code = close.reply_code;
        if (code == code_not_found) ++missed_;
        // Where we were closing it too, close-ok is still to come.
        if (!channel->is_closing()) channels_.erase(number);
        channel->end(std::make_exception_ptr(error), code);
        return;
    }
    case AMQP_CHANNEL_CLOSE_OK_METHOD:
        if (!channel->is_closing())
            throw Error{errc::protocol_error, config_.masked + ": close-ok of an open channel"};
        channels_.erase(number);
        return;
    case AMQP_CHANNEL_FLOW_METHOD: {
        // What was confirmed is all that counts: who is asked to pause waits for its confirms anyway.
        amqp_channel_flow_ok_t const ok{method.as<amqp_channel_flow_t>().active};
        write_method(number, AMQP_CHANNEL_FLOW_OK_METHOD, &ok);
        return;
    }
    case AMQP_BASIC_DELIVER_METHOD:
    case AMQP_BASIC_GET_OK_METHOD:
    case AMQP_BASIC_RETURN_METHOD:
        begin_content(place, method);
        return;
    default:
        if ((method.id >> 16) == (AMQP_CONNECTION_START_METHOD >> 16))
            throw Error{errc::protocol_error, config_.masked + ": a method of the connection on a channel"};
        if (!channel->is_closing()) channel->take(method);
    }
}

void Session::lost(std::exception_ptr reason) {
    stage_ = Stage::closed;
    output_.clear();
    is_blocked_ = false;
    for (auto& [number, place] : std::exchange(channels_, {}))
        place.channel->end(reason, 0);
}

std::optional<Session::Time> Session::deadline() const {
    if (stage_ == Stage::closed) return std::nullopt;
    if (stage_ != Stage::ready) return opened_ + config_.timeout;
    if (heartbeat_ == 0s) return std::nullopt;
    return std::min(last_sent_ + heartbeat_ / 2, last_heard_ + heartbeat_ * 2);
}

void Session::tick(Time now) {
    if (stage_ == Stage::closed) return;
    if (stage_ != Stage::ready) {
        if (now < opened_ + config_.timeout) return;
        throw Error{errc::unavailable,
                    config_.masked + ": no connection within " + to_string(config_.timeout)};
    }
    if (heartbeat_ == 0s) return;
    if (now >= last_heard_ + heartbeat_ * 2)
        throw Error{errc::unavailable, config_.masked + ": no sign of life for " + to_string(heartbeat_ * 2)};
    if (now < last_sent_ + heartbeat_ / 2) return;
    append_frame(output_, frame_heartbeat, 0, {});
    if (on_output) on_output();
}

}  // namespace cohort::rabbitmq
