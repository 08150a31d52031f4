// SPDX-License-Identifier: MIT
// RabbitMQ with a file as its store among the brokers that are measured.
#include "rabbitmq/raw.hpp"
#include "sqlite/raw.hpp"

namespace bench {

namespace {

Add const added{BrokerKind{
    .name = "rabbitmq+sqlite",
    .durabilities = {"normal", "full"},
    .in_one_process = false,
    .url = [](Case const& what) { return raw::rabbitmq_url(what) + "&store=" + raw::sqlite_url(what); },
    .raw = raw::sqlite_limits(),
    .server = raw::start_rabbitmq,
}};

}  // namespace

}  // namespace bench
