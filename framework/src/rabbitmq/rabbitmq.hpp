// SPDX-License-Identifier: MIT
// The brokers on a RabbitMQ server (3.10 or later). Without a store it keeps no records: jobs are messages.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

#include <functional>

namespace cohort::rabbitmq {

using OpenStore = std::function<std::shared_ptr<Broker>()>;

// amqp[s]://[user[:password]@]host[:port][/vhost]; docs/brokers/rabbitmq.md has the parameters. Does not wait
// for the server: the first verb does. Throws Error(invalid_url).
std::shared_ptr<Broker> open(Url const& url, Clock const& clock = system_clock());

// Jobs are in the store; the server says to workers when to look there. Throws Error(invalid_url), also for
// a store that is not durable, or not shared between processes. A URL that is refused opens no store.
std::shared_ptr<Broker> open_on_store(Url const& url, OpenStore const& open_store,
                                      Clock const& clock = system_clock());

}  // namespace cohort::rabbitmq
