// SPDX-License-Identifier: MIT
// The measurements of a bare hiredis loop; one file each.
#pragma once

#include "support/case.hpp"

namespace bench::raw {

// Where the case's server listens.
int redis_port(Case const& what);

Sample measure_redis_enqueue(Case const& what);
Sample measure_redis_drain(Case const& what);
Sample measure_redis_calls(Case const& what);
Sample measure_redis_ping_pong(Case const& what);

}  // namespace bench::raw
