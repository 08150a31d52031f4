// SPDX-License-Identifier: MIT
// The measurements of raw SQLite; one file each.
#pragma once

#include "support/case.hpp"

namespace bench::raw {

Sample measure_enqueue(Case const& what);
Sample measure_drain(Case const& what);
Sample measure_end_to_end(Case const& what);
Sample measure_round_trip(Case const& what);

}  // namespace bench::raw
