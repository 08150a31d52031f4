// SPDX-License-Identifier: MIT
// What can be said beyond the contract when the broker is a RabbitMQ server: its settings as a value instead
// of a URL, and messages made by hand.
//
//   cohort::rabbitmq::Settings settings;      // the defaults
//   settings.host = "rabbit.example.org";
//   settings.password = cohort::Secret{getenv("RABBIT_PASSWORD")};
//   auto const broker = cohort::open_broker(settings.url());
#pragma once

#include <cohort/awaitable.hpp>
#include <cohort/broker.hpp>
#include <cohort/url.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

namespace cohort::rabbitmq {

// docs/brokers/rabbitmq.md says what each means. As they are here they are what a URL means that says
// nothing: "amqp://localhost".
struct Settings {
    std::string host = "localhost";
    std::uint16_t port = 5672;
    std::string user = "guest";
    Secret password{"guest"};
    std::string vhost = "/";
    Duration heartbeat = 10s;       // the peer is dead after two of them; 0 = none
    Duration blocked_timeout = 5s;  // how long a push waits for a server that takes no messages
    Duration timeout = 5s;          // for an answer, and for connecting
    std::uint32_t frame_max = 131'072;
    std::string space = {};  // namespace: programs with different ones share nothing
    std::string name = {};   // of the connections, in the server's tools; default: "cohort-PID"
    std::map<std::string, std::string> others = {};  // any other parameter of the URL: {{"priorities", "3"}}

    // With the password in it: for open_broker(), and for no log. Spans are whole milliseconds.
    std::string url() const;
};

// A message as the server gets it. A worker needs a type and a body.
struct RawMessage {
    std::string id = {};        // message-id; of the job, which gets another one without
    std::string type = {};      // the name of the job function
    std::string reply_to = {};  // ClientOptions::reply_to of who is to be told of the end; "" = nobody
    std::string body = "[]";    // JSON: an array of arguments, or an object
    std::uint8_t delivery_mode =
        2;  // 2 = persistent. A quorum queue writes all to its disk, whatever this says
    std::string content_type = "application/json";
    std::map<std::string, std::variant<std::int64_t, std::string>> headers = {};

    bool operator==(RawMessage const&) const = default;
};

// Sends it as it is to where the jobs of this queue wait, and returns when the server has confirmed it.
// Throws Error: unavailable, uncertain, storage_full, … as push does; not_supported with another broker.
awaitable<void> publish(Broker& broker, std::string queue, RawMessage message);

}  // namespace cohort::rabbitmq
