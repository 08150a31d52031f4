// SPDX-License-Identifier: MIT
// The measurements of a bare librabbitmq loop; one file each.
#pragma once

#include "support/server.hpp"

#include <cstdint>
#include <string>

namespace bench::raw {

// Where the case's server listens, and what its queues' names begin with.
struct RabbitPlace {
    std::uint16_t port = 0;
    std::string space;
};
RabbitPlace rabbitmq_place(Case const& what);
// The run's server, with a place for this case that is cleared behind it; and Cohort's address of the place.
std::unique_ptr<Server> start_rabbitmq(Case const& what);
std::string rabbitmq_url(Case const& what);

Sample measure_rabbitmq_enqueue(Case const& what);
Sample measure_rabbitmq_drain(Case const& what);
Sample measure_rabbitmq_calls(Case const& what);
Sample measure_rabbitmq_ping_pong(Case const& what);

}  // namespace bench::raw
