// SPDX-License-Identifier: MIT
// The broker on a Redis server (6.2 or later, Valkey, KeyDB) that any number of machines share.
#pragma once

#include <cohort/broker.hpp>
#include <cohort/url.hpp>

namespace cohort::redis {

// redis://[user[:password]@]host[:port][/database] or redis+unix:/path/of/socket; docs/brokers/redis.md has
// the parameters. Does not wait for the server: the first verb does. Throws Error(invalid_url).
std::shared_ptr<Broker> open(Url const& url, Clock const& clock = system_clock());

}  // namespace cohort::redis
