// SPDX-License-Identifier: MIT
// What is said on one connection after the other, without any I/O: handshake, channels, heartbeats, contents.
#pragma once

#include "rabbitmq/channel.hpp"
#include "rabbitmq/config.hpp"
#include "rabbitmq/frame.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace cohort::rabbitmq {

// Called on one thread. A function that throws Error means that the connection is of no use: close it, and
// tell with lost().
class Session {
public:
    using Time = std::chrono::steady_clock::time_point;

    Session(Config const& config, std::string role) : config_{config}, role_{std::move(role)} {}

    // A new connection is there: the handshake is to be written.
    void open(Time now);
    // What is to be written now. "" = nothing.
    std::string take_output(Time now);
    void feed(std::string_view bytes, Time now);
    // The connection is gone: so are its channels.
    void lost(std::exception_ptr reason);

    bool is_ready() const noexcept { return stage_ == Stage::ready; }
    // The server takes no messages for now, and says why.
    bool is_blocked() const noexcept { return is_blocked_; }
    std::string const& blocked_reason() const noexcept { return blocked_reason_; }
    // Grows with each time that it begins to take none, or some again.
    std::uint64_t turns() const noexcept { return turns_; }

    // Grows with each channel that the server has closed because something was not there.
    std::uint64_t missed() const noexcept { return missed_; }

    // It knows basic.credit.
    bool has_credit() const noexcept { return has_credit_; }

    // A new channel, to be used at once; only while it is ready. Throws Error(busy) when there are too many.
    ChannelPtr open_channel();

    // When tick() is to be called next; nothing when the peer may be silent for ever.
    std::optional<Time> deadline() const;
    // Says a heartbeat where it is time; throws where the peer has been silent for too long.
    void tick(Time now);

    // ---- the channels' side
    void write_method(std::uint16_t channel, amqp_method_number_t id, void const* fields);
    void write_content(std::uint16_t channel, amqp_method_number_t id, void const* fields,
                       amqp_basic_properties_t const& properties, std::string_view body);
    // Called when there is something to be written.
    std::function<void()> on_output;

private:
    enum class Stage : std::uint8_t { closed, greeted, tuning, opening, ready };

    // A message that is under way, in frames.
    struct Content {
        amqp_method_number_t how = 0;
        Delivery delivery;
        std::optional<std::uint64_t> size;  // once its head has come
    };
    struct Place {
        ChannelPtr channel;
        std::optional<Content> content;
    };

    void take(Frame const& frame);
    void take_connection_method(Method const& method);
    void take_channel_method(std::uint16_t number, Place& place, Method const& method);
    void begin_content(Place& place, Method const& method);
    void take_content(Place& place, Frame const& frame);
    void login(Method const& start);
    void tune(Method const& method);
    void need(Stage stage, char const* what) const;
    void count_reaction();

    Config const& config_;
    std::string const role_;
    Stage stage_ = Stage::closed;
    FrameReader reader_{config_.frame_max};
    Arena arena_;
    std::string output_;
    bool is_feeding_ = false;
    std::uint32_t reactions_ = 0;  // to what the server said, since it last read any
    std::uint32_t frame_max_ = 0;
    std::uint16_t channel_max_ = 0;
    Duration heartbeat_ = 0s;
    Time opened_{};
    Time last_sent_{};
    Time last_heard_{};
    std::uint64_t missed_ = 0;
    bool has_credit_ = false;
    bool is_blocked_ = false;
    std::uint64_t turns_ = 0;
    std::string blocked_reason_;
    std::map<std::uint16_t, Place> channels_;
    std::uint16_t next_channel_ = 1;
};

}  // namespace cohort::rabbitmq
