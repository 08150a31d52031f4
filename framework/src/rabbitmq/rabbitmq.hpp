// SPDX-License-Identifier: MIT
// The broker on a RabbitMQ server (3.10 or later), which keeps no records: jobs are messages.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

namespace cohort::rabbitmq {

// amqp[s]://[user[:password]@]host[:port][/vhost]; docs/brokers/rabbitmq.md has the parameters. Does not wait
// for the server: the first verb does. Throws Error(invalid_url).
std::shared_ptr<Broker> open(Url const& url, Clock const& clock = system_clock());

}  // namespace cohort::rabbitmq
